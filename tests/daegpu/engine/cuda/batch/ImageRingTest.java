package daegpu.engine.cuda.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.Seeds;
import daegpu.ThisJava;
import daegpu.data.Depth;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.Photo;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineOptions;
import daegpu.engine.LearningRule;
import daegpu.engine.cuda.CudaTrainingEngine;
import daegpu.engine.cuda.RequiresCuda;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.model.Autoencoder;
import daegpu.model.Network;
import daegpu.noise.Noise;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Images that do not fit on the device. */
@RequiresCuda
@ExtendWith(Seeds.class)
class ImageRingTest {

    /** That of the commands below. */
    private static final Network NETWORK = new Autoencoder(28, 28, 1, List.of(1), 1, 1).network();

    @TempDir
    private Path folder;

    /**
     * The same command on a device that holds all images and on one that holds a part of them: the same bytes come out.
     * The chunks of this one are 100 to 500 images, and a batch is 250, so that some batches lie in two chunks.
     */
    @Test
    void changesNoBit() throws Exception {
        requireEmulatedDevice();
        long images = 2000 * 28 * 28;
        List<String> data = List.of("--limit", "2000");
        long large = train("large", 1L << 30, data);
        assertTrue(large >= images && large < 2 * images, "images are copied once: " + large);
        // More than half of what is left would be taken.
        long small = train("small", bytesOfEngine() + 3 * images / 2, data);
        assertTrue(small >= 2 * images, "they are copied in each of the two epochs: " + small);
        assertSameModels();
    }

    /**
     * Pictures of 16 bits of which patches are cut on a device that holds them, and beforehand for one that does not.
     */
    @Test
    void patchesAreCutBeforehandWherePicturesDoNotFit() throws Exception {
        requireEmulatedDevice();
        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        Path validation = Files.createDirectories(folder.resolve("validation"));
        Random random = Seeds.random(6);
        Files.write(pictures.resolve("a.png"), picture(random, 1000, 800));
        Files.write(pictures.resolve("b.png"), picture(random, 700, 1200));
        Files.write(validation.resolve("c.png"), picture(random, 56, 140));
        List<String> data = List.of(
                "--data",
                pictures.toString(),
                "--validation-data",
                validation.toString(),
                "--patches",
                "28x28",
                "--patches-per-epoch",
                "600");
        long images = 2 * (1000 * 800 + 700 * 1200);
        long large = train("large", 1L << 30, data);
        assertTrue(large >= images && large < images + 2 * 600 * 28 * 28, "pictures are copied once: " + large);
        long small = train("small", bytesOfEngine() + 3 * images / 2, data);
        assertTrue(small >= 2 * 2 * 600 * 28 * 28 && small < images, "patches are copied in each epoch: " + small);
        assertSameModels();
    }

    private static byte[] picture(Random random, int height, int width) {
        float[] values = new float[height * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return ImageFile.encode(new Photo(height, width, 1, values, null, Depth.BITS_16, "png"));
    }

    private static void requireEmulatedDevice() {
        String libraries = System.getProperty("daegpu.cuda.libraries", "");
        assumeTrue(
                Files.exists(Path.of(libraries, "libcuda.so.1")) && !libraries.isEmpty(),
                "only the emulated device can be made small");
    }

    private void assertSameModels() throws IOException {
        for (String file : List.of("last.safetensors", "best.safetensors")) {
            assertArrayEquals(
                    Files.readAllBytes(folder.resolve("large").resolve(file)),
                    Files.readAllBytes(folder.resolve("small").resolve(file)),
                    file);
        }
    }

    /** What the engine takes on the device to train, but for images. */
    private static long bytesOfEngine() {
        try (Device device = new Device(Gpu.all().get(0))) {
            device.makeCurrent();
            long free = device.freeBytes();
            EngineOptions options = EngineOptions.fp32(250).withConvolutions(Convolutions.CUDNN);
            try (CudaTrainingEngine engine = new CudaTrainingEngine(NETWORK, LearningRule.DEFAULT, options)) {
                ImageSet image = new ImageSet(28, 28, 1, new byte[28 * 28]);
                engine.startEpoch(image, Noise.gaussian(0.5f, 0.5f), 0, 0, new int[1]);
                engine.trainStep(0, 1, 1e-3f);
                device.makeCurrent();
                return free - device.freeBytes();
            }
        }
    }

    /** Trains in a process of its own on a device with so much memory. Returns the bytes that were copied to it. */
    private long train(String name, long memory, List<String> data) throws IOException, InterruptedException {
        Path counters = folder.resolve(name + ".json");
        List<String> command = ThisJava.command();
        command.addAll(List.of(
                "-XX:TieredStopAtLevel=1",
                "-Ddaegpu.cuda.libraries=" + System.getProperty("daegpu.cuda.libraries"),
                "-cp",
                System.getProperty("java.class.path"),
                "daegpu.Main"));
        command.addAll(List.of(
                "train",
                "--engine",
                "cuda",
                "--convolutions",
                "cudnn",
                "--validation-limit",
                "10",
                "--epochs",
                "2",
                "--batch-size",
                "250",
                "--filters",
                "1",
                "--kernel-size",
                "1",
                "--latent-dim",
                "1",
                "--output",
                folder.resolve(name).toString()));
        command.addAll(data);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("DAEGPU_EMULATOR_MEMORY", Long.toString(memory));
        builder.environment().put("DAEGPU_EMULATOR_COUNTERS", counters.toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        JsonNode root = new ObjectMapper().readTree(counters.toFile());
        return root.at("/copies/host_to_device/bytes").longValue();
    }

    /** Whatever is asked for next: forth, back, over two chunks, another epoch. */
    @Test
    void holdsWhatIsAskedFor() {
        Random random = Seeds.random(5);
        ImageSet images = new ImageSet(2, 3, 1, bytes(random, 6 * 23));
        try (Device device = new Device(Gpu.all().get(0));
                OwnedScope scope = new OwnedScope(device)) {
            ImageRing ring = new ImageRing(device, scope.scope(), images.imageSize(), 4);
            assertEquals(8, ring.size());
            for (int epoch = 0; epoch < 3; epoch++) {
                int[] order = random.ints(23, 0, 23).toArray();
                ring.begin(images, 0, epoch, order);
                int next = 0;
                for (int step = 0; step < 40; step++) {
                    int first = random.nextInt(4) == 0 ? random.nextInt(23) : next % 23; // mostly one after the other
                    int count = Math.min(1 + random.nextInt(4), 23 - first);
                    ring.require(first, count);
                    byte[] held = contents(device, ring);
                    for (int place = first; place < first + count; place++) {
                        byte[] expected = Arrays.copyOfRange(images.pixels(), 6 * order[place], 6 * order[place] + 6);
                        int at = place % ring.size() * 6;
                        assertArrayEquals(expected, Arrays.copyOfRange(held, at, at + 6), "place " + place);
                    }
                    next = first + count;
                }
            }
        }
    }

    private static byte[] bytes(Random random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    /** What the ring holds for the device's own stream. */
    private static byte[] contents(Device device, ImageRing ring) {
        float[] words = new float[12]; // 48 bytes
        device.download(ring.memory(), words, 0, words.length);
        byte[] bytes = new byte[48];
        IntStream.range(0, 48).forEach(i -> bytes[i] = (byte) (Float.floatToRawIntBits(words[i / 4]) >> (8 * (i % 4))));
        return bytes;
    }
}
