package daegpu.denoise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.Depth;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.Pixels;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.engine.cpu.CpuEngine;
import daegpu.engine.reference.ReferenceEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pictures in tiles beside the same pictures as a whole. */
@ExtendWith(Seeds.class)
class WholePictureDenoiserTest {

    private static TileEngines engines(Parameters weights, boolean onCpu, int together) {
        return new TileEngines() {
            @Override
            public InferenceEngine open(Network network, int threads) {
                EngineOptions options = EngineOptions.fp32(1).withThreads(threads);
                InferenceEngine engine =
                        onCpu ? new CpuEngine(network, options) : new ReferenceEngine(network, options);
                engine.load(new Parameters(network, weights.values()));
                return engine;
            }

            @Override
            public int together() {
                return together;
            }

            @Override
            public long memory(Network network) {
                return Engines.memory(onCpu ? EngineName.CPU : EngineName.REFERENCE, network);
            }
        };
    }

    private static Photo photo(Random random, int height, int width, int channels) {
        float[] values = new float[height * width * channels];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return new Photo(height, width, channels, values, null, Depth.BITS_8, "png");
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
            TileEngines engines = engines(weights, onCpu, 1 + random.nextInt(4));
            Photo tiled;
            // The least that is enough for any of these pictures, or plenty.
            long memory = random.nextBoolean() ? 150_000 : 1 << 30;
            try (PictureDenoiser denoiser = new WholePictureDenoiser(unet, engines, Strength.FULL, memory, 24 * 24)) {
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
            try (InferenceEngine engine =
                    engines.open(unet.sizedFor(height, width, channels).network(), 2)) {
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
        try (PictureDenoiser denoiser =
                new WholePictureDenoiser(unet, engines(weights, false, 2), Strength.FULL, 1 << 30)) {
            Photo together =
                    denoiser.denoise(List.of(denoiser.forNetwork(colour))).get(0);
            for (int c = 0; c < 3; c++) {
                float[] one = new float[13 * 9];
                for (int i = 0; i < one.length; i++) {
                    one[i] = colour.values()[3 * i + c];
                }
                Photo alone = denoiser.denoise(List.of(new Photo(13, 9, 1, one, null, Depth.BITS_8, "png")))
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
                () -> new WholePictureDenoiser(
                        Autoencoder.MNIST,
                        engines(new Parameters(Autoencoder.MNIST.network()), false, 1),
                        Strength.FULL,
                        1 << 30));
    }

    /** Tiles that do not fit into the memory are refused with the number that would do, which does. */
    @Test
    void tooLittleMemoryIsSaid() {
        UNet unet = new UNet(8, 8, 3, List.of(8, 16), List.of(1, 1), true, true);
        Parameters weights = Initializer.heNormal(unet.network(), 1);
        Photo photo = photo(Seeds.random(3), 100, 20_000, 3);
        try (WholePictureDenoiser denoiser =
                new WholePictureDenoiser(unet, engines(weights, false, 2), Strength.FULL, 1 << 20)) {
            String message = assertThrows(InvalidInputException.class, () -> denoiser.denoise(photo, part -> {}))
                    .getMessage();
            Matcher numbers =
                    Pattern.compile("at least (\\d+) MiB .* may take 1 MiB").matcher(message);
            assertTrue(numbers.find(), message);
            long least = Long.parseLong(numbers.group(1)) << 20;
            new WholePictureDenoiser(unet, engines(weights, false, 2), Strength.FULL, least).denoise(photo, part -> {});
            assertThrows(InvalidInputException.class, () -> new WholePictureDenoiser(
                            unet, engines(weights, false, 2), Strength.FULL, least - (1 << 20))
                    .denoise(photo, part -> {}));
        }
    }

    /** Half of the way, and none of it. */
    @Test
    void strengthLeadsBackToTheInput() {
        UNet unet = new UNet(8, 8, 1, List.of(3), List.of(1), true, true);
        Parameters weights = Initializer.heNormal(unet.network(), 1);
        Photo photo = photo(Seeds.random(4), 13, 9, 1);
        List<float[]> results = new ArrayList<>();
        for (float strength : new float[] {0, 0.5f, 1}) {
            try (PictureDenoiser denoiser =
                    new WholePictureDenoiser(unet, engines(weights, false, 1), new Strength(strength), 1 << 30)) {
                results.add(denoiser.denoise(List.of(photo)).get(0).values());
            }
        }
        assertArrayEquals(photo.values(), results.get(0));
        assertFalse(Arrays.equals(photo.values(), results.get(2)));
        for (int i = 0; i < photo.values().length; i++) {
            assertEquals((photo.values()[i] + results.get(2)[i]) / 2, results.get(1)[i], 1e-6);
        }
    }

    /** Noise that is drawn strip by strip is that of the picture as a whole. */
    @Test
    void noiseIsThatOfThePicture() {
        Seeds.check(5, random -> {
            Photo photo = photo(random, 1 + random.nextInt(20), 1 + random.nextInt(20), random.nextBoolean() ? 1 : 3);
            for (Noise.Kind kind : Noise.Kind.values()) {
                float level = kind == Noise.Kind.POISSON ? 4 : 0.3f;
                Noise noise = new Noise(kind, 0, level, level, false);
                Photo whole = PictureNoise.add(noise, 5, photo);
                Pixels parts = PictureNoise.add(noise, 5, (Pixels) photo);
                int row = random.nextInt(photo.height());
                int column = random.nextInt(photo.width());
                float[] read = new float[(photo.width() - column) * photo.channels()];
                parts.read(row, column, photo.width() - column, read, 0);
                int from = (row * photo.width() + column) * photo.channels();
                assertArrayEquals(Arrays.copyOfRange(whole.values(), from, from + read.length), read, kind.toString());
            }
        });
    }
}
