package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.data.ImageSet;
import daegpu.data.ValidationSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.metrics.ImageMetrics;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import daegpu.train.Evaluation.Result;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EvaluationTest {

    private static final Autoencoder ARCHITECTURE = new Autoencoder(8, 8, 1, List.of(2), 3, 3);
    private static final Noise NOISE = Noise.gaussian(0.3f, 0.2f);

    private static InferenceEngine engine() {
        InferenceEngine engine = Engines.open(EngineName.REFERENCE, ARCHITECTURE.network(), EngineOptions.fp32(1))
                .engine();
        engine.load(Initializer.glorotUniform(ARCHITECTURE.network(), 1));
        return engine;
    }

    /** Image by image, where the code under test takes hundreds at a time. */
    @Test
    void isTheAverageOverTheImages() {
        ImageSet images = TinyTraining.images(1003, 8);
        double[] noisyScores = new double[3];
        double[] denoisedScores = new double[3];
        try (InferenceEngine engine = engine()) {
            for (int image = 0; image < images.count(); image++) {
                float[] clean = new float[64];
                float[] noisy = new float[64];
                float[] denoised = new float[64];
                images.scale(image, clean, 0);
                NOISE.corrupt(4, Philox.VALIDATION + image, 0, clean, noisy, 0, 64);
                engine.denoise(noisy, 1, denoised);
                add(noisyScores, clean, noisy);
                add(denoisedScores, clean, denoised);
            }
            Result result = Evaluation.of(engine, ValidationSet.of(images), NOISE, 4);
            assertScores(noisyScores, result.noisy());
            assertScores(denoisedScores, result.denoised());
        }
    }

    private static void add(double[] scores, float[] clean, float[] actual) {
        double mse = ImageMetrics.mse(clean, actual, 0, 64);
        scores[0] += mse / 1003;
        scores[1] += ImageMetrics.psnr(mse) / 1003;
        scores[2] += ImageMetrics.ssim(clean, actual, 0, 8, 8, 1) / 1003;
    }

    private static void assertScores(double[] expected, Evaluation.Scores actual) {
        assertEquals(expected[0], actual.mse(), 1e-9);
        assertEquals(expected[1], actual.psnr(), 1e-6);
        assertEquals(expected[2], actual.ssim(), 1e-6);
    }

    @Test
    void stopsWhenAsked() {
        AtomicInteger asked = new AtomicInteger();
        try (InferenceEngine engine = engine()) {
            assertEquals(
                    Optional.empty(),
                    Evaluation.of(
                            engine,
                            ValidationSet.of(TinyTraining.images(1003, 8)),
                            NOISE,
                            4,
                            () -> asked.incrementAndGet() == 2));
            assertEquals(2, asked.get());
        }
    }
}
