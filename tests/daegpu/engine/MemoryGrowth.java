package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.ThisJava;
import daegpu.data.ImageSet;
import daegpu.model.Autoencoder;
import daegpu.model.Network;
import daegpu.noise.Noise;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;

/**
 * What training steps and engines leave behind in this machine's memory. A process of its own, whose Java heap does not
 * grow, does a number of them and then, in five windows of a fifth each, the same number again. The median of the
 * windows is what counts: what leaks, leaks in each of them, while the runtime, the allocator and the kernel may take
 * or give back some megabytes at any time, once.
 */
public final class MemoryGrowth {

    private static final Network NETWORK = new Autoencoder(8, 8, 1, List.of(8, 8), 3, 4).network();
    private static final int BATCH = 4;
    private static final int IMAGES = 600;
    private static final int WINDOWS = 5;

    private MemoryGrowth() {}

    /**
     * Asserts that nothing grows step after step, or engine after engine.
     *
     * @param steps that are made, twice; a multiple of the windows
     * @param engines that are opened and closed, twice; a multiple of the windows
     * @param bytesOfStep that each step of the median window may leave behind
     * @param bytesOfEngine that each engine of the median window may leave behind
     */
    public static void assertBounded(
            EngineName name, Convolutions convolutions, int steps, int engines, long bytesOfStep, long bytesOfEngine)
            throws IOException, InterruptedException {
        List<String> command = ThisJava.command();
        command.addAll(List.of("-Xms96m", "-Xmx96m", "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1"));
        System.getProperties().stringPropertyNames().stream()
                .filter(property -> property.startsWith("daegpu."))
                .forEach(property -> command.add("-D" + property + "=" + System.getProperty(property)));
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                MemoryGrowth.class.getName(),
                name.name(),
                convolutions.name(),
                String.valueOf(steps),
                String.valueOf(engines)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("MALLOC_ARENA_MAX", "1"); // what one thread frees, another one may take
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        long[] grown = output.lines().mapToLong(Long::parseLong).toArray();
        assertEquals(2 * WINDOWS, grown.length, output);
        assertMedian(Arrays.copyOf(grown, WINDOWS), steps / WINDOWS, bytesOfStep, "steps");
        assertMedian(Arrays.copyOfRange(grown, WINDOWS, 2 * WINDOWS), engines / WINDOWS, bytesOfEngine, "engines");
    }

    private static void assertMedian(long[] grown, int count, long bytesOfEach, String what) {
        String message = "windows of " + count + " " + what + " left these bytes behind: " + Arrays.toString(grown);
        long[] sorted = grown.clone();
        Arrays.sort(sorted);
        assertTrue(sorted[WINDOWS / 2] <= count * bytesOfEach, message);
    }

    /** The process of its own: writes the bytes by which each window of steps, then each of engines, made it grow. */
    public static void main(String[] arguments) {
        EngineName name = EngineName.valueOf(arguments[0]);
        EngineOptions options = new EngineOptions(BATCH, Precision.FP32, 2, 0, Convolutions.valueOf(arguments[1]));
        int steps = Integer.parseInt(arguments[2]);
        int engines = Integer.parseInt(arguments[3]);
        try (InspectableEngine engine = Engines.openToTrain(name, NETWORK, LearningRule.DEFAULT, options)
                .engine()) {
            train(engine, steps);
            printGrowth(() -> train(engine, steps / WINDOWS));
        }
        openAndClose(name, options, engines);
        printGrowth(() -> openAndClose(name, options, engines / WINDOWS));
    }

    private static void printGrowth(Runnable work) {
        long before = bytes();
        for (int window = 0; window < WINDOWS; window++) {
            work.run();
            long after = bytes();
            System.out.println(after - before);
            before = after;
        }
    }

    /** Without buffers outside of the Java heap that nobody uses any more, which the garbage collector frees. */
    private static long bytes() {
        System.gc();
        return Pointer.physicalBytes();
    }

    /** Everything that a run does in an epoch, epoch after epoch. */
    private static void train(InspectableEngine engine, int steps) {
        ImageSet images = new ImageSet(8, 8, 1, new byte[IMAGES * 64]);
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        int[] order = IntStream.range(0, IMAGES).toArray();
        float[] clean = new float[20 * 64];
        float[] noisy = new float[20 * 64];
        int stepsOfEpoch = IMAGES / BATCH;
        for (int step = 0; step < steps; step++) {
            if (step % stepsOfEpoch == 0) {
                engine.takeLosses();
                engine.startEpoch(images, noise, 0, step / stepsOfEpoch, order);
                engine.corrupt(images, noise, 0, 0, 0, 0, 20, clean, noisy);
                engine.denoise(noisy, 20, clean);
                engine.load(engine.state());
            }
            engine.trainStep(step % stepsOfEpoch * BATCH, BATCH, 1e-3f);
        }
    }

    private static void openAndClose(EngineName name, EngineOptions options, int times) {
        for (int i = 0; i < times; i++) {
            try (InspectableEngine engine = Engines.openToTrain(name, NETWORK, LearningRule.DEFAULT, options)
                    .engine()) {
                train(engine, 1);
            }
        }
    }
}
