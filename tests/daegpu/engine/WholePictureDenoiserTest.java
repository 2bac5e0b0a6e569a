package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import daegpu.Seeds;
import daegpu.data.Photo;
import daegpu.engine.cpu.CpuEngine;
import daegpu.engine.reference.ReferenceEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.UNet;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pictures in tiles beside the same pictures as a whole. */
@ExtendWith(Seeds.class)
class WholePictureDenoiserTest {

    private static Function<Network, InferenceEngine> opener(Parameters weights, boolean onCpu) {
        return network -> {
            InferenceEngine engine = onCpu
                    ? new CpuEngine(network, EngineOptions.fp32(1))
                    : new ReferenceEngine(network, EngineOptions.fp32(1));
            engine.load(new Parameters(network, weights.values()));
            return engine;
        };
    }

    private static Photo photo(Random random, int height, int width, int channels) {
        float[] values = new float[height * width * channels];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return new Photo(height, width, channels, values, null, 8, "png");
    }

    @Test
    void tilesGiveWhatTheWholePictureGives() {
        boolean hasCpu = Engines.nativeLibraries().startsWith("oneDNN");
        Seeds.check(20, random -> {
            int channels = random.nextBoolean() ? 1 : 3;
            UNet unet = new UNet(8, 8, channels, List.of(3, 4), List.of(1, random.nextInt(2)), true, true);
            Parameters weights = Initializer.heNormal(unet.network(), random.nextLong());
            boolean onCpu = hasCpu && random.nextBoolean();
            Photo photo = photo(random, 1 + random.nextInt(70), 1 + random.nextInt(70), channels);
            Photo tiled;
            try (PictureDenoiser denoiser = new WholePictureDenoiser(unet, opener(weights, onCpu), 24)) {
                tiled = denoiser.denoise(List.of(photo)).get(0);
            }
            int height = (photo.height() + 1) / 2 * 2;
            int width = (photo.width() + 1) / 2 * 2;
            float[] padded = new float[height * width * channels];
            for (int i = 0; i < padded.length; i++) {
                int y = reflected(i / channels / width, photo.height());
                int x = reflected(i / channels % width, photo.width());
                padded[i] = photo.values()[(y * photo.width() + x) * channels + i % channels];
            }
            float[] whole = new float[padded.length];
            try (InferenceEngine engine = opener(weights, onCpu)
                    .apply(unet.sizedFor(height, width, channels).network())) {
                engine.denoise(padded, 1, whole);
            }
            for (int i = 0; i < tiled.values().length; i++) {
                int y = i / channels / photo.width();
                int x = i / channels % photo.width();
                assertEquals(
                        whole[(y * width + x) * channels + i % channels],
                        tiled.values()[i],
                        1e-6,
                        "row " + y + ", column " + x + " of " + photo.height() + "x" + photo.width());
            }
        });
    }

    /** The neighbour of the last pixel stands after it; a single pixel stands for all. */
    private static int reflected(int place, int pixels) {
        return place < pixels ? place : pixels == 1 ? 0 : 2 * (pixels - 1) - place;
    }

    /** A network for grey images takes the channels of colours one by one. */
    @Test
    void channelsOfColoursGoThroughAGreyNetworkOneByOne() {
        UNet unet = new UNet(8, 8, 1, List.of(3), List.of(1), true, true);
        Parameters weights = Initializer.heNormal(unet.network(), 1);
        Photo colour = photo(Seeds.random(2), 13, 9, 3);
        try (PictureDenoiser denoiser = new WholePictureDenoiser(unet, opener(weights, false))) {
            Photo together =
                    denoiser.denoise(List.of(denoiser.forNetwork(colour))).get(0);
            for (int c = 0; c < 3; c++) {
                float[] one = new float[13 * 9];
                for (int i = 0; i < one.length; i++) {
                    one[i] = colour.values()[3 * i + c];
                }
                Photo alone = denoiser.denoise(List.of(new Photo(13, 9, 1, one, null, 8, "png")))
                        .get(0);
                for (int i = 0; i < one.length; i++) {
                    assertEquals(alone.values()[i], together.values()[3 * i + c]);
                }
            }
        }
    }

    @Test
    void networksWithABottleneckAreRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new WholePictureDenoiser(Autoencoder.MNIST, network -> {
                    throw new AssertionError("no engine is needed");
                }));
    }
}
