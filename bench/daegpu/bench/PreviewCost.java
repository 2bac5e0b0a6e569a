package daegpu.bench;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.data.ValidationSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.preview.LivePreview;
import daegpu.train.LearningRate;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.MetricsLog;
import daegpu.train.PreviewFeed;
import daegpu.train.RunDirectory;
import daegpu.train.Trainer;
import daegpu.train.TrainingListener;
import daegpu.train.TrainingOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What {@code train --preview} costs each training step of the default network on MNIST. A machine's speed changes by
 * more than that from second to second, so runs with it and without say little; but the preview does something in a few
 * steps only. Steps in which it denoised images to show, or in which its thread drew, and the one after, are held
 * against the median of the undisturbed steps just around them: the time that they took more is what the preview costs.
 *
 * <p>The steps alone are timed, as the training loop does them: validation and checkpoints between epochs are not.
 * Losses are read after each step, which {@code train} does less often, so the preview has at least the pictures to
 * draw that it has there.
 */
@Command(
        name = "PreviewCost",
        mixinStandardHelpOptions = true,
        description = "Measures by how much a preview slows training steps down.")
public final class PreviewCost implements Callable<Integer> {

    /** Undisturbed steps on either side that a step is held against. */
    private static final int AROUND = 15;
    /** Parts of the training whose costs are compared, for the interval of the mean. */
    private static final int PARTS = 10;
    /** Less than that of processor time in a step is a glance at the clock or at a window's events. */
    private static final long LEAST_DRAWING = 100_000;
    /** Less than that on the thread that trains is a step that the preview let pass. */
    private static final long LEAST_SAMPLING = 20_000;

    @Option(names = "--engine", defaultValue = "cpu", description = "The engine (default: ${DEFAULT-VALUE}).")
    private EngineName engine;

    @Option(names = "--batch", defaultValue = "32", description = "Images in an update (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--threads", defaultValue = "0", description = "Threads of the engine (default: it chooses).")
    private int threads;

    @Option(
            names = "--epochs",
            defaultValue = "5",
            description = "Epochs of all 60,000 images after one to warm up (default: ${DEFAULT-VALUE}).")
    private int epochs;

    @Option(names = "--window", description = "Show the preview in a window instead of drawing it into a file.")
    private boolean window;

    /**
     * @param seconds that it took, with what the preview did on the thread that trains
     * @param sampling of these, for the preview
     * @param drawing processor time of the preview's thread meanwhile, in seconds
     */
    private record Step(double seconds, double sampling, double drawing, boolean isDisturbed) {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new PreviewCost()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        ImageSet digits = EmbeddedMnist.training(0);
        int steps = Math.toIntExact(TrainingOptions.stepsPerEpoch(digits.count(), batch));
        TrainingOptions options = new TrainingOptions(
                Autoencoder.MNIST,
                Noise.gaussian(0.5f, 0.5f),
                1,
                batch,
                LearningRate.over(Schedule.CONSTANT, 1e-3, (long) steps * (epochs + 1)));
        Path folder = Files.createTempDirectory("preview-cost");
        try (InspectableEngine opened = Engines.openToTrain(
                                engine,
                                Autoencoder.MNIST.network(),
                                LearningRule.DEFAULT,
                                new EngineOptions(batch, Precision.FP32, threads))
                        .engine();
                RunDirectory directory = RunDirectory.create(folder.resolve("run"));
                LivePreview preview =
                        new LivePreview(window, window ? null : folder.resolve("preview.png"), System.out::println)) {
            System.out.printf(
                    "%s, %d steps of %d images an epoch, preview in a %s%n",
                    opened.description(), steps, batch, window ? "window" : "file");
            Steps taken = new Steps(new PreviewFeed(
                    opened,
                    ValidationSet.of(EmbeddedMnist.test(100)),
                    false,
                    options,
                    List.of(),
                    window,
                    preview::show));
            new Trainer(options, digits, ValidationSet.of(EmbeddedMnist.test(100)), opened, directory, taken, 1)
                    .start(Initializer.glorotUniform(Autoencoder.MNIST.network(), 1), epochs + 1);
            print(taken.steps);
        } finally {
            delete(folder);
        }
        return 0;
    }

    /** Notes what each step takes. */
    private static final class Steps implements TrainingListener {

        private final PreviewFeed feed;
        private final ThreadMXBean threadTimes = ManagementFactory.getThreadMXBean();
        private final List<Step> steps = new ArrayList<>();
        private long drawingThread = -1;
        private long start;
        private long drawnAtStart;
        private int epoch;

        private Steps(PreviewFeed feed) {
            this.feed = feed;
        }

        @Override
        public void epochStarted(int newEpoch, int epochs, int done, int epochImages) {
            epoch = newEpoch;
            feed.epochStarted(newEpoch, epochs, done, epochImages);
            drawnAtStart = drawn();
            start = System.nanoTime();
        }

        @Override
        public void progressed(int done, double loss) {
            long before = System.nanoTime();
            feed.progressed(done, loss);
            long end = System.nanoTime();
            long drawn = drawn();
            if (epoch > 1) {
                long drawing = drawn - drawnAtStart;
                long sampling = end - before;
                steps.add(new Step(
                        (end - start) / 1e9,
                        sampling / 1e9,
                        drawing / 1e9,
                        drawing > LEAST_DRAWING || sampling > LEAST_SAMPLING));
            }
            drawnAtStart = drawn;
            start = System.nanoTime();
        }

        /** Processor time of the preview's thread so far, in nanoseconds. */
        private long drawn() {
            if (drawingThread < 0) {
                drawingThread = Arrays.stream(threadTimes.getThreadInfo(threadTimes.getAllThreadIds()))
                        .filter(thread ->
                                thread != null && thread.getThreadName().equals("preview"))
                        .mapToLong(ThreadInfo::getThreadId)
                        .findAny()
                        .orElse(-1);
            }
            return drawingThread < 0 ? 0 : Math.max(0, threadTimes.getThreadCpuTime(drawingThread));
        }

        @Override
        public void epochFinished(MetricsLog.Row metrics, int epochs, boolean best) {
            feed.epochFinished(metrics, epochs, best);
        }
    }

    private static void print(List<Step> steps) {
        SummaryStatistics costs = new SummaryStatistics();
        for (int part = 0; part < PARTS; part++) {
            costs.addValue(cost(steps.subList(steps.size() * part / PARTS, steps.size() * (part + 1) / PARTS)));
        }
        double halfWidth = new TDistribution(PARTS - 1).inverseCumulativeProbability(0.975)
                * costs.getStandardDeviation()
                / Math.sqrt(PARTS);
        double all = steps.stream().mapToDouble(Step::seconds).sum();
        System.out.printf(
                Locale.ROOT,
                "A step takes %+.2f %% with the preview, ± %.2f %% (95 %% confidence): of %d steps, %.3f ms "
                        + "in the median, it disturbed %d. Sampling took %.2f %% of the time on the thread that "
                        + "trains, drawing %.2f %% on its own%n",
                100 * costs.getMean(),
                100 * halfWidth,
                steps.size(),
                1e3
                        * steps.stream()
                                .mapToDouble(Step::seconds)
                                .sorted()
                                .skip(steps.size() / 2)
                                .findFirst()
                                .orElseThrow(),
                steps.stream().filter(Step::isDisturbed).count(),
                100 * steps.stream().mapToDouble(Step::sampling).sum() / all,
                100 * steps.stream().mapToDouble(Step::drawing).sum() / all);
    }

    /**
     * What disturbed steps, and those after them, took more than the steps around, as a part of what all would have
     * taken.
     */
    private static double cost(List<Step> steps) {
        double more = 0;
        double all = 0;
        for (int i = 0; i < steps.size(); i++) {
            all += steps.get(i).seconds();
            if (isAffected(steps, i)) {
                more += steps.get(i).seconds() - around(steps, i);
            }
        }
        return more / (all - more);
    }

    private static boolean isAffected(List<Step> steps, int i) {
        return steps.get(i).isDisturbed() || i > 0 && steps.get(i - 1).isDisturbed();
    }

    private static double around(List<Step> steps, int i) {
        List<Double> seconds = new ArrayList<>();
        for (int direction : new int[] {-1, 1}) {
            int found = 0;
            for (int j = i + direction; j >= 0 && j < steps.size() && found < AROUND; j += direction) {
                if (!isAffected(steps, j)) {
                    seconds.add(steps.get(j).seconds());
                    found++;
                }
            }
        }
        return seconds.stream()
                .mapToDouble(Double::doubleValue)
                .sorted()
                .skip(seconds.size() / 2)
                .findFirst()
                .orElseThrow();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
