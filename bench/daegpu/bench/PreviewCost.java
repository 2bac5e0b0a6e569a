package daegpu.bench;

import com.sun.management.OperatingSystemMXBean;
import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.Engine;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.model.Architecture;
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
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * Times training steps of the default network on MNIST with {@code train --preview-file} and without, epoch by epoch in
 * turns in one training, so that what else slows the machine down slows both. Each pair of epochs gives one ratio. The
 * steps alone are timed, as the training loop does them: validation and checkpoints between epochs are not.
 *
 * <p>What the preview itself takes is measured, too, which a busy machine disturbs less: the time that the thread that
 * trains spends on denoising the images to show, and the processor time of the thread that draws.
 */
@Command(name = "PreviewCost", mixinStandardHelpOptions = true,
        description = "Times training steps with a preview and without, in turns.")
public final class PreviewCost implements Callable<Integer> {

    @Option(names = "--engine", defaultValue = "cpu", description = "The engine (default: ${DEFAULT-VALUE}).")
    private String engine;

    @Option(names = "--batch", defaultValue = "32", description = "Images in an update (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--threads", defaultValue = "0", description = "Threads of the engine (default: as many as it chooses).")
    private int threads;

    @Option(names = "--images", defaultValue = "30000",
            description = "Images in an epoch, which should take some 10 seconds at least (default: ${DEFAULT-VALUE}).")
    private int images;

    @Option(names = "--pairs", defaultValue = "8",
            description = "Epochs of each kind, after a warm-up (default: ${DEFAULT-VALUE}).")
    private int pairs;

    @Option(names = "--window", description = "Show the preview in a window instead of drawing it into a file.")
    private boolean window;

    /** What the steps of an epoch took. */
    private record Epoch(double seconds, double processorSeconds, double samplingSeconds, double drawingSeconds) {
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new PreviewCost()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        ImageSet digits = EmbeddedMnist.training(images);
        int steps = Math.toIntExact(TrainingOptions.stepsPerEpoch(digits.count(), batch));
        int epochs = 2 * (pairs + 1);
        TrainingOptions options = new TrainingOptions(Architecture.MNIST, Noise.gaussian(1, 0.5f, 0.5f), batch,
                LearningRate.over(Schedule.CONSTANT, 1e-3, (long) steps * epochs));
        Path folder = Files.createTempDirectory("preview-cost");
        try (Engine opened = Engines.open(engine, Architecture.MNIST, new EngineOptions(batch, "fp32", threads)).engine();
                RunDirectory directory = RunDirectory.create(folder.resolve("run"))) {
            System.out.printf("%s, %d steps of %d images an epoch, preview in a %s%n", opened.description(), steps, batch,
                    window ? "window" : "file");
            Turns turns = new Turns(opened, options.noise(), EmbeddedMnist.test(100), folder.resolve("preview.png"), steps);
            new Trainer(options, digits, EmbeddedMnist.test(100), opened, directory, turns)
                    .start(Initializer.glorotUniform(Architecture.MNIST, 1), epochs);
            turns.print();
        } finally {
            delete(folder);
        }
        return 0;
    }

    /** Without and with a preview, with and without, and so on, so that neither always comes first. */
    private final class Turns implements TrainingListener {

        private final PreviewFeed feed;
        private final Path file;
        private final int steps;
        private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        private final SummaryStatistics ratios = new SummaryStatistics();
        private final SummaryStatistics sampling = new SummaryStatistics();
        private final SummaryStatistics drawing = new SummaryStatistics();
        private LivePreview preview;
        private boolean watched;
        private long start;
        private long processorAtStart;
        private long samplingTime;
        private Epoch measured;
        private Epoch other;

        private Turns(Engine engine, Noise noise, ImageSet validation, Path file, int steps) {
            this.file = file;
            this.steps = steps;
            feed = new PreviewFeed(engine, validation, noise, List.of(), picture -> preview.show(picture));
        }

        @Override
        public void epochStarted(int epoch, int epochs, int done, int epochImages) {
            watched = epoch % 4 == 2 || epoch % 4 == 3;
            feed.epochStarted(epoch, epochs, done, epochImages);
            if (watched) {
                preview = new LivePreview(window, window ? null : file, System.out::println);
            }
            samplingTime = 0;
            processorAtStart = system.getProcessCpuTime();
            start = System.nanoTime();
        }

        @Override
        public void progressed(int done, double loss) {
            long before = System.nanoTime();
            if (watched) {
                feed.progressed(done, loss);
            }
            long now = System.nanoTime();
            samplingTime += watched ? now - before : 0;
            measured = new Epoch((now - start) / 1e9, (system.getProcessCpuTime() - processorAtStart) / 1e9,
                    samplingTime / 1e9, watched && done == images ? drawingTime() / 1e9 : 0);
        }

        /** Processor time of the preview's thread, in nanoseconds. */
        private long drawingTime() {
            ThreadMXBean threadTimes = ManagementFactory.getThreadMXBean();
            return Arrays.stream(threadTimes.getThreadInfo(threadTimes.getAllThreadIds()))
                    .filter(thread -> thread != null && thread.getThreadName().equals("preview"))
                    .mapToLong(thread -> threadTimes.getThreadCpuTime(thread.getThreadId())).sum();
        }

        @Override
        public void epochFinished(MetricsLog.Row metrics, int epochs, boolean best) {
            if (watched) {
                preview.close();
                // For the curve of the next picture. After the last epoch it would show one more.
                if (metrics.epoch() < epochs) {
                    feed.epochFinished(metrics, epochs, best);
                }
            }
            if (metrics.epoch() % 2 == 1) {
                other = measured;
                return;
            }
            Epoch with = watched ? measured : other;
            Epoch without = watched ? other : measured;
            boolean warmUp = metrics.epoch() == 2;
            System.out.printf(Locale.ROOT, "step %.3f ms without, %.3f ms with (%+.2f %%); processors busy %.3f and %.3f ms;"
                    + " sampling %.2f %%, drawing %.2f %% of the time%s%n", 1e3 * without.seconds() / steps,
                    1e3 * with.seconds() / steps, 100 * (with.seconds() / without.seconds() - 1),
                    1e3 * without.processorSeconds() / steps, 1e3 * with.processorSeconds() / steps,
                    100 * with.samplingSeconds() / with.seconds(), 100 * with.drawingSeconds() / with.seconds(),
                    warmUp ? " (warm-up: does not count)" : "");
            if (!warmUp) {
                ratios.addValue(with.seconds() / without.seconds());
                sampling.addValue(with.samplingSeconds() / with.seconds());
                drawing.addValue(with.drawingSeconds() / with.seconds());
            }
        }

        private void print() {
            double halfWidth = ratios.getN() < 2 ? Double.NaN : new TDistribution(ratios.getN() - 1)
                    .inverseCumulativeProbability(0.975) * ratios.getStandardDeviation() / Math.sqrt(ratios.getN());
            System.out.printf(Locale.ROOT, "A step takes %+.2f %% with the preview, ± %.2f %% (95 %% confidence, %d pairs);"
                    + " sampling took %.2f %% of the time on the thread that trains, drawing %.2f %% on its own%n",
                    100 * (ratios.getMean() - 1), 100 * halfWidth, ratios.getN(), 100 * sampling.getMean(),
                    100 * drawing.getMean());
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
