package daegpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.BufferedImages;
import daegpu.data.Depth;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.model.Autoencoder;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.MetricsLog;
import daegpu.train.TrainingListener;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DenoiserTest {

    private static final int HEIGHT = 8;
    private static final int WIDTH = 12;
    private static final int CHANNELS = 3;
    private static final int EPOCHS = 30;
    private static final int SIZE = HEIGHT * WIDTH * CHANNELS;

    @TempDir
    private Path folder;

    /** Images of one random colour each: easy to learn, with noise to take out. */
    private static ImageSet images(int count, long seed) {
        Random random = new Random(seed);
        byte[] pixels = new byte[count * SIZE];
        for (int image = 0; image < count; image++) {
            byte[] colour = new byte[CHANNELS];
            random.nextBytes(colour);
            for (int i = 0; i < SIZE; i++) {
                pixels[image * SIZE + i] = colour[i % CHANNELS];
            }
        }
        return new ImageSet(HEIGHT, WIDTH, CHANNELS, pixels);
    }

    private Training training() {
        return new Training(images(64, 1), images(16, 2))
                .network(Autoencoder.smallest(List.of(4, 6), 3, 5))
                .batchSize(8)
                .noise(0.1f, 0.2f)
                .seed(3);
    }

    @Test
    void trainsAndReportsEachEpoch() throws IOException {
        List<MetricsLog.Row> rows = new ArrayList<>();
        Path model = training()
                .network(Autoencoder.smallest(List.of(8, 16), 3, 8))
                .epochs(EPOCHS)
                .learningRate(1e-2, Schedule.COSINE)
                .listener(new TrainingListener() {
                    @Override
                    public void epochFinished(MetricsLog.Row metrics, int epochs, boolean best) {
                        assertEquals(EPOCHS, epochs);
                        rows.add(metrics);
                    }
                })
                .run(folder.resolve("run"))
                .best();
        assertEquals(EPOCHS, rows.size());
        assertEquals(
                rows,
                MetricsLog.read(folder.resolve("run/metrics.csv")).stream()
                        .map(row -> new MetricsLog.Row(
                                row.epoch(),
                                rows.get(row.epoch() - 1).seconds(),
                                rows.get(row.epoch() - 1).imagesPerSecond(),
                                row.trainLoss(),
                                row.validation()))
                        .toList());
        assertTrue(
                rows.get(EPOCHS - 1).validation().mse()
                        < rows.get(0).validation().mse() / 2,
                rows.toString());
        assertEquals(folder.resolve("run/best.safetensors"), model);
    }

    @Test
    void trainsOnAnyNoise() throws IOException {
        Path masked = training()
                .noise(Noise.Kind.MASKING.defaultNoise().withLevel(0.25f))
                .epochs(1)
                .run(folder.resolve("masked"))
                .best();
        assertEquals(
                new Noise(Noise.Kind.MASKING, 0, 0.25f, 0.25f, false),
                Checkpoint.read(masked).options().noise());
        Path uniform = training()
                .noise(new Noise(Noise.Kind.UNIFORM, 0.1f, 0.2f, 0.3f, false))
                .epochs(1)
                .run(folder.resolve("uniform"))
                .best();
        assertEquals(
                new Noise(Noise.Kind.UNIFORM, 0.1f, 0.2f, 0.3f, false),
                Checkpoint.read(uniform).options().noise());
        Path run = folder.resolve("run");
        assertThrows(
                IllegalArgumentException.class,
                () -> Noise.Kind.POISSON.defaultNoise().withLevel(0));
        assertThrows(IllegalArgumentException.class, () -> training().epochs(0).run(run));
        assertFalse(Files.exists(run));
    }

    @Test
    void bytesAndFloatsAreDenoisedAlikeAndAsTheEngineDoes() throws IOException {
        Path model = training().epochs(1).run(folder.resolve("run")).best();
        ImageSet set = images(5, 9);
        float[] values = new float[5 * SIZE];
        for (int i = 0; i < 5; i++) {
            set.scale(i, values, i * SIZE);
        }
        float[] expected = new float[values.length];
        float[] latents = new float[5 * 5];
        Checkpoint checkpoint = Checkpoint.read(model);
        try (InferenceEngine engine = Engines.open(
                        EngineName.AUTO, checkpoint.options().network(), EngineOptions.fp32(5))
                .engine()) {
            engine.load(checkpoint.state().weights());
            engine.denoise(values, 5, expected);
            engine.encode(values, 5, latents);
        }
        try (Denoiser denoiser = Denoiser.load(model)) {
            assertEquals(CHANNELS, denoiser.network().input().channels());
            assertArrayEquals(expected, denoiser.denoise(values));
            assertArrayEquals(latents, denoiser.encode(values));
            byte[] bytes = denoiser.denoise(set.pixels());
            for (int i = 0; i < bytes.length; i++) {
                assertEquals(expected[i] * 255, bytes[i] & 0xFF, 0.5001);
            }
        }
    }

    /** As a server does it: several threads, each with images of its own. */
    @ParameterizedTest
    @EnumSource(
            value = EngineName.class,
            names = {"CPU", "REFERENCE"})
    void threadsTakeTurns(EngineName engine) throws Exception {
        Path model = training().epochs(1).run(folder.resolve("run")).best();
        int threads = 4;
        List<float[]> noisy = new ArrayList<>();
        List<float[]> expected = new ArrayList<>();
        try (Denoiser denoiser = Denoiser.load(model, engine)) {
            for (int i = 0; i < threads; i++) {
                float[] values = new float[(i + 1) * SIZE];
                images(i + 1, 20 + i).scale(0, values, 0);
                noisy.add(values);
                expected.add(denoiser.denoise(values));
            }
            ExecutorService executor = Executors.newFixedThreadPool(threads);
            try {
                List<Future<?>> running = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    int thread = i;
                    running.add(executor.submit(() -> {
                        for (int repeat = 0; repeat < 50; repeat++) {
                            assertArrayEquals(expected.get(thread), denoiser.denoise(noisy.get(thread)));
                        }
                        return null;
                    }));
                }
                for (Future<?> each : running) {
                    each.get(2, TimeUnit.MINUTES);
                }
            } finally {
                executor.shutdownNow();
            }
        }
    }

    @Test
    void closingWaitsForWhatRunsAndEndsWhatCouldFollow() throws Exception {
        Path model = training().epochs(1).run(folder.resolve("run")).best();
        for (int repeat = 0; repeat < 5; repeat++) {
            Denoiser denoiser = Denoiser.load(model);
            CountDownLatch going = new CountDownLatch(3);
            ExecutorService executor = Executors.newFixedThreadPool(1);
            try {
                Future<?> endless = executor.submit(() -> {
                    while (true) {
                        denoiser.denoise(new float[40 * SIZE]);
                        going.countDown();
                    }
                });
                assertTrue(going.await(1, TimeUnit.MINUTES));
                denoiser.close();
                denoiser.close();
                Throwable end = assertThrows(ExecutionException.class, () -> endless.get(1, TimeUnit.MINUTES))
                        .getCause();
                assertEquals(IllegalStateException.class, end.getClass(), end.toString());
            } finally {
                executor.shutdownNow();
            }
            assertThrows(IllegalStateException.class, () -> denoiser.denoise(new byte[SIZE]));
            assertThrows(IllegalStateException.class, () -> denoiser.denoise(new float[12], 3, 4, 1));
            assertThrows(
                    IllegalStateException.class,
                    () -> denoiser.denoise(new BufferedImage(3, 4, BufferedImage.TYPE_INT_RGB)));
        }
    }

    /** Whatever Java 2D has: samples in other places, a palette, alpha, 16 bits. */
    @Test
    void imagesOfJava2dKeepTheirAlphaAndDepth() {
        int[] types = {
            BufferedImage.TYPE_INT_RGB,
            BufferedImage.TYPE_INT_BGR,
            BufferedImage.TYPE_INT_ARGB,
            BufferedImage.TYPE_INT_ARGB_PRE,
            BufferedImage.TYPE_4BYTE_ABGR,
            BufferedImage.TYPE_BYTE_INDEXED,
            BufferedImage.TYPE_BYTE_BINARY,
            BufferedImage.TYPE_USHORT_565_RGB,
            BufferedImage.TYPE_BYTE_GRAY,
            BufferedImage.TYPE_USHORT_GRAY
        };
        for (int type : types) {
            BufferedImage image = new BufferedImage(20, 10, type);
            for (int y = 0; y < 10; y++) {
                for (int x = 0; x < 20; x++) {
                    image.setRGB(x, y, x < 10 ? 0xFFFFFFFF : 0xFF000000);
                }
            }
            boolean hasAlpha = image.getColorModel().hasAlpha();
            if (hasAlpha) {
                image.setRGB(3, 3, 0x80FFFFFF);
            }
            Photo photo = BufferedImages.toPhoto(image);
            BufferedImage back = BufferedImages.of(photo);
            boolean grey = type == BufferedImage.TYPE_BYTE_GRAY || type == BufferedImage.TYPE_USHORT_GRAY;
            assertEquals(grey ? 1 : 3, photo.channels());
            assertEquals(type == BufferedImage.TYPE_USHORT_GRAY ? Depth.BITS_16 : Depth.BITS_8, photo.depth());
            assertEquals(hasAlpha, photo.hasAlpha());
            assertEquals(
                    grey ? type : hasAlpha ? BufferedImage.TYPE_4BYTE_ABGR : BufferedImage.TYPE_3BYTE_BGR,
                    back.getType());
            for (int y = 0; y < 10; y++) {
                for (int x = 0; x < 20; x++) {
                    assertEquals(image.getRGB(x, y), back.getRGB(x, y), "type " + type + " at " + x + ", " + y);
                }
            }
        }
    }

    @Test
    void refusesPartsOfImages() throws IOException {
        Path model = training().epochs(1).run(folder.resolve("run")).best();
        try (Denoiser denoiser = Denoiser.load(model)) {
            assertThrows(IllegalArgumentException.class, () -> denoiser.denoise(new byte[SIZE - 1]));
            assertThrows(IllegalArgumentException.class, () -> denoiser.denoise(new float[SIZE + 1]));
            assertThrows(IllegalArgumentException.class, () -> denoiser.encode(new float[1]));
            assertThrows(IllegalArgumentException.class, () -> denoiser.denoise(new float[12], 3, 5, 1));
            assertThrows(IllegalArgumentException.class, () -> denoiser.denoise(new float[12], 3, 2, 2));
        }
    }

    @Test
    void refusesWhatDoesNotFit() throws IOException {
        assertThrows(
                InvalidInputException.class,
                () -> training()
                        .network(Autoencoder.smallest(List.of(4, 4, 4), 3, 5))
                        .run(folder.resolve("run")),
                "a width of 12 cannot be halved three times");
        assertThrows(
                IllegalArgumentException.class, () -> training().batchSize(0).run(folder.resolve("run")));
        assertThrows(InvalidInputException.class, () -> Denoiser.load(folder.resolve("none.safetensors")));
        training().epochs(1).run(folder.resolve("run"));
        assertThrows(InvalidInputException.class, () -> training().run(folder.resolve("run")));
    }
}
