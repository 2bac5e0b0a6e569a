package daegpu.denoise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import daegpu.Seeds;
import daegpu.data.ImageSet;
import daegpu.engine.EngineOptions;
import daegpu.engine.InferenceEngine;
import daegpu.engine.Precision;
import daegpu.engine.reference.ReferenceEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Parameters;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class ImageDenoiserTest {

    private static final Autoencoder SMALL = new Autoencoder(4, 2, 3, List.of(2), 3, 2);
    private static final int SIZE = 24;

    /** Numbers around those that the denoiser takes at a time. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 499, 500, 501, 1003})
    void everyImageIsDenoised(int count) {
        try (InferenceEngine engine = engine()) {
            ImageSet images = images(count);
            ImageSet denoised = ImageDenoiser.denoise(engine, images);
            assertEquals("4x2 colour", denoised.describeSize());
            assertEquals(count, denoised.count());
            for (int image = 0; image < count; image++) {
                float[] input = new float[SIZE];
                images.scale(image, input, 0);
                assertDenoised(engine, input, denoised, image);
            }
        }
    }

    /** The noise is that of validation images, wherever in a set of images the first of these stands. */
    @Test
    void imagesAreCorruptedAsValidationCorruptsThem() {
        try (InferenceEngine engine = engine()) {
            ImageSet images = images(503);
            Noise noise = Noise.gaussian(0.5f, 0.5f);
            ImageSet denoised = ImageDenoiser.denoise(engine, images, noise, 3, 10);
            for (int image = 0; image < images.count(); image++) {
                float[] input = new float[SIZE];
                images.scale(image, input, 0);
                noise.corrupt(3, Philox.VALIDATION + 10 + image, 0, input, input, 0, SIZE);
                assertDenoised(engine, input, denoised, image);
            }
        }
    }

    private static void assertDenoised(InferenceEngine engine, float[] input, ImageSet denoised, int image) {
        float[] output = new float[SIZE];
        engine.denoise(input, 1, output);
        for (int i = 0; i < SIZE; i++) {
            assertEquals(Math.round(output[i] * 255), denoised.pixels()[image * SIZE + i] & 0xFF);
        }
    }

    /** A network that ends without a sigmoid can leave the range: red becomes white, green black, blue stays. */
    @Test
    void whatLeavesTheRangeBecomesBlackOrWhite() {
        UNet architecture = new UNet(4, 2, 3, List.of(1), List.of(0), true, true);
        Parameters parameters = new Parameters(architecture.network());
        parameters.set("output.bias", new float[] {1.3f, -1.3f, 0});
        ImageSet images = images(2);
        try (InferenceEngine engine = new ReferenceEngine(architecture.network(), EngineOptions.fp32(1))) {
            engine.load(parameters);
            byte[] denoised = ImageDenoiser.denoise(engine, images).pixels();
            for (int i = 0; i < denoised.length; i += 3) {
                assertEquals(255, denoised[i] & 0xFF);
                assertEquals(0, denoised[i + 1]);
                assertEquals(images.pixels()[i + 2], denoised[i + 2]);
            }
        }
    }

    @Test
    void imagesOfAnotherSizeAreRefused() {
        try (InferenceEngine engine = engine()) {
            assertEquals(
                    "the network has 24 values an image, these have 8",
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> ImageDenoiser.denoise(engine, new ImageSet(4, 2, 1, new byte[16])))
                            .getMessage());
        }
    }

    private static InferenceEngine engine() {
        InferenceEngine engine = new ReferenceEngine(SMALL.network(), new EngineOptions(1, Precision.FP32, 1));
        engine.load(SMALL.initialParameters(1));
        return engine;
    }

    private static ImageSet images(int count) {
        byte[] pixels = new byte[count * SIZE];
        Seeds.random(2).nextBytes(pixels);
        return new ImageSet(4, 2, 3, pixels);
    }
}
