package daegpu.bench;

import com.sun.management.OperatingSystemMXBean;
import daegpu.data.EmbeddedMnist;
import daegpu.data.IdxFile;
import daegpu.data.ImageSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.model.Architecture;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times training steps of a network, each with fresh noise, and prints one line of JSON: images_per_second and
 * median_step_ms over the timed steps, and processor_ms, the processor time that a step took on all threads together;
 * first_loss of the first step, and timed_loss, the mean over the timed steps; parameters, how many are trained.
 * {@code bench/compare-with-peers} compares it with its peers.
 */
@Command(name = "TrainingThroughput", mixinStandardHelpOptions = true)
public final class TrainingThroughput implements Callable<Integer> {

    @Option(names = "--network", defaultValue = "autoencoder", description = "${COMPLETION-CANDIDATES}.")
    private BenchmarkNetwork network;

    @Option(names = "--images", description = "IDX file of images (default: the embedded MNIST).")
    private Path images;

    @Option(names = "--engine", defaultValue = "cpu")
    private EngineName engine;

    @Option(names = "--precision", defaultValue = "fp32")
    private Precision precision;

    @Option(names = "--batch", defaultValue = "32")
    private int batch;

    @Option(names = "--steps", defaultValue = "150", description = "Steps to time.")
    private int steps;

    @Option(names = "--warm-up", defaultValue = "150", description = "Steps before those.")
    private int warmUp;

    @Option(names = "--threads", defaultValue = "0")
    private int threads;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new TrainingThroughput())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() {
        ImageSet set = images == null ? EmbeddedMnist.training(60_000) : IdxFile.read(images, 60_000);
        Architecture architecture = network.architecture().sizedFor(set.height(), set.width(), set.channels());
        EngineOptions options = new EngineOptions(batch, precision, threads);
        try (InspectableEngine opened = Engines.openToTrain(
                        engine, architecture.network(), LearningRule.DEFAULT, options)
                .engine()) {
            opened.load(TrainingState.initial(architecture.initialParameters(0)));
            opened.startEpoch(
                    set, network.noise(), 0, 0, IntStream.range(0, set.count()).toArray());
            OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
            long processor = 0;
            double firstLoss = 0;
            double sumOfLosses = 0;
            double[] milliseconds = new double[steps];
            for (int step = -warmUp; step < steps; step++) {
                if (step == 0) {
                    processor = system.getProcessCpuTime();
                }
                int first = Math.floorMod((long) step * batch, set.count() - batch + 1);
                long start = System.nanoTime();
                opened.trainStep(first, batch, 1e-3f);
                double loss = opened.takeLosses()[0];
                if (step == -warmUp) {
                    firstLoss = loss;
                }
                if (step >= 0) {
                    sumOfLosses += loss;
                    milliseconds[step] = (System.nanoTime() - start) / 1e6;
                }
            }
            processor = system.getProcessCpuTime() - processor;
            double sum = Arrays.stream(milliseconds).sum();
            Arrays.sort(milliseconds);
            System.out.printf(
                    Locale.ROOT,
                    "{\"framework\": \"dae-gpu %s\", \"batch\": %d, \"images_per_second\": %.1f, "
                            + "\"median_step_ms\": %.3f, \"first_loss\": %.5f, \"timed_loss\": %.5f, "
                            + "\"processor_ms\": %.3f, \"parameters\": %d}%n",
                    opened.description(),
                    batch,
                    1e3 * batch * steps / sum,
                    milliseconds[steps / 2],
                    firstLoss,
                    sumOfLosses / steps,
                    processor / 1e6 / steps,
                    architecture.parameterCount());
        }
        return 0;
    }
}
