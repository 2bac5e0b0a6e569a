package daegpu.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.engine.EngineOptions;
import daegpu.engine.reference.ReferenceEngine;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReachTest {

    @Test
    void denseLayersSeeAll() {
        assertEquals(Optional.empty(), Reach.of(Autoencoder.MNIST.network()));
    }

    /**
     * A 3×3 convolution sees one pixel of its level to each side; one of stride 2 sees two pixels after the first of
     * its four, and none before.
     */
    @Test
    void countedByHand() {
        UNet single = new UNet(8, 8, 1, List.of(4), List.of(2), true, true);
        assertEquals(Optional.of(new Reach(4, 1)), Reach.of(single.network()));
        // Down: 1 + 1, then 2 after, then 2 on the second level; up: 2 before; then 1 + 1.
        UNet two = new UNet(8, 8, 1, List.of(4, 4), List.of(1, 1), true, true);
        assertEquals(Optional.of(new Reach(8, 2)), Reach.of(two.network()));
    }

    /** No change of a pixel shows further away than that, and some change shows at nearly that distance. */
    @Test
    void changesShowWithinTheReach() {
        Seeds.check(6, random -> {
            List<Integer> filters = random.nextBoolean() ? List.of(2, 3) : List.of(2, 2, 3);
            List<Integer> blocks =
                    filters.stream().map(filter -> random.nextInt(2)).toList();
            UNet unet = new UNet(64, 8, 1, filters, blocks, random.nextBoolean(), false);
            Reach reach = Reach.of(unet.network()).orElseThrow();
            assertEquals(1 << filters.size() - 1, reach.stride());
            int farthest = 0;
            try (ReferenceEngine engine = new ReferenceEngine(unet.network(), EngineOptions.fp32(1))) {
                engine.load(positive(unet, random));
                for (int row = 24; row < 24 + 2 * reach.stride(); row++) {
                    farthest = Math.max(farthest, farthestChange(engine, row, random));
                }
            }
            assertTrue(farthest <= reach.pixels(), farthest + " is over " + reach);
            assertTrue(farthest >= reach.pixels() - 2 * reach.stride(), farthest + " is far below " + reach);
        });
    }

    /** Weights above 0, so that no ReLU hides a change. */
    private static Parameters positive(UNet unet, Random random) {
        Parameters parameters = new Parameters(unet.network());
        for (int i = 0; i < parameters.values().length; i++) {
            parameters.values()[i] = 0.1f + random.nextFloat() / 10;
        }
        return parameters;
    }

    private static int farthestChange(ReferenceEngine engine, int row, Random random) {
        float[] images = new float[2 * 64 * 8];
        for (int i = 0; i < 64 * 8; i++) {
            images[i] = random.nextFloat();
            images[64 * 8 + i] = images[i];
        }
        images[64 * 8 + row * 8 + 4] += 1;
        float[] denoised = new float[images.length];
        engine.denoise(images, 2, denoised);
        int farthest = 0;
        for (int i = 0; i < 64 * 8; i++) {
            if (denoised[i] != denoised[64 * 8 + i]) {
                farthest = Math.max(farthest, Math.abs(i / 8 - row));
            }
        }
        return farthest;
    }
}
