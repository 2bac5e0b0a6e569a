package daegpu.bench;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.preview.Lettering;
import daegpu.train.Checkpoint;
import daegpu.train.LearningRate;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.TrainingOptions;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures how the cost of an image grows as batch, image size, filters, latent size and number of images grow,
 * compared with the work that there is to do for it, and how that of a checkpoint grows with the parameters. Prints
 * Markdown tables; what grows faster than its work is marked. {@code bench/scaling} runs it.
 */
@Command(
        name = "scaling",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures how the cost of training grows with the work that there is to do, "
                + "and prints Markdown tables and a chart.")
public final class Scaling implements Callable<Integer> {

    /** From one setting to the next, cost in proportion to the work may grow by this factor before it is marked. */
    static final double MARKED_FROM = 1.25;

    private static final int BATCH = 32;
    private static final int COLUMNS = 2;
    private static final int WIDTH = 520;
    private static final int HEIGHT = 330;

    @Option(names = "--engine", defaultValue = "cpu", description = "What computes (default: ${DEFAULT-VALUE}).")
    private EngineName engine;

    @Option(
            names = "--threads",
            defaultValue = "0",
            description = "Processors to use; 0 for all (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--rounds",
            defaultValue = "3",
            description = "Times to measure everything, in turns (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--seconds",
            defaultValue = "0.8",
            description = "To spend on each setting in a round, at least three steps (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(
            names = "--only",
            split = ",",
            description =
                    "Series to measure: batch, side, filters, latent, images, opening, " + "checkpoint (default: all).")
    private List<String> only = List.of();

    @Option(names = "--chart", required = true, description = "PNG file to draw.")
    private Path chart;

    /**
     * What is varied.
     *
     * @param unit what {@link Setting#work} counts
     */
    record Series(String key, String title, String unit, List<Setting> settings) {}

    /** One point of a series. */
    interface Measured {
        /** Nanoseconds for one thing (an image, a checkpoint). */
        double nanoseconds() throws IOException;
    }

    /**
     * A setting of a series.
     *
     * @param value of what is varied
     * @param work that one thing takes
     * @param costs nanoseconds for one thing, of each round
     */
    record Setting(double value, double work, Measured measured, List<Double> costs) {

        Setting(double value, double work, Measured measured) {
            this(value, work, measured, new ArrayList<>());
        }

        double median() {
            double[] sorted =
                    costs.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            int middle = sorted.length / 2;
            return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }

        double least() {
            return costs.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
        }

        double most() {
            return costs.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        }

        double costOfWork() {
            return median() / work;
        }

        /**
         * Whether cost grew faster than work since {@code before}, by more than the ranges of both could make believe.
         */
        boolean outgrows(Setting before) {
            return costOfWork() > MARKED_FROM * before.costOfWork() && least() / work > before.most() / before.work;
        }
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Scaling()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        List<Series> all = List.of(batches(), sides(), filters(), latents(), images(), opening(), checkpoints());
        List<String> known = all.stream().map(Series::key).toList();
        if (!known.containsAll(only)) {
            System.err.println("--only takes " + String.join(", ", known) + ", not " + String.join(", ", only));
            return CommandLine.ExitCode.USAGE;
        }
        if (rounds < 1) {
            System.err.println("--rounds must be 1 or more, not " + rounds);
            return CommandLine.ExitCode.USAGE;
        }
        List<Series> chosen = all.stream()
                .filter(series -> only.isEmpty() || only.contains(series.key()))
                .toList();
        // Until the JVM has compiled what it will compile.
        training(Autoencoder.MNIST, BATCH, digits(), 5);
        for (int round = 1; round <= rounds; round++) {
            for (Series series : chosen) {
                for (Setting setting : series.settings()) {
                    setting.costs().add(setting.measured().nanoseconds());
                }
                System.err.println("round " + round + " of " + rounds + ": " + series.title());
            }
        }
        System.out.print(tables(chosen));
        if (Lettering.missing().isPresent()) {
            System.err.println("no chart: " + Lettering.missing().get());
        } else {
            draw(chosen, chart);
            System.err.println("chart: " + chart);
        }
        return CommandLine.ExitCode.OK;
    }

    private Series batches() {
        return new Series(
                "batch",
                "Batch",
                "multiply-adds",
                IntStream.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
                        .mapToObj(batch -> new Setting(
                                batch,
                                Work.multiplyAddsOfTraining(Autoencoder.MNIST),
                                () -> training(Autoencoder.MNIST, batch, digits(), seconds)))
                        .toList());
    }

    private Series sides() {
        return new Series(
                "side",
                "Image side in pixels",
                "multiply-adds",
                IntStream.of(28, 48, 64, 96, 128, 192, 256)
                        .mapToObj(side -> network(side, new Autoencoder(side, side, 1, List.of(32, 64), 3, 16)))
                        .toList());
    }

    private Series filters() {
        return new Series(
                "filters",
                "Filters of the first convolution; the second has twice as many",
                "multiply-adds",
                IntStream.of(8, 16, 32, 64, 128)
                        .mapToObj(filters ->
                                network(filters, new Autoencoder(28, 28, 1, List.of(filters, 2 * filters), 3, 16)))
                        .toList());
    }

    private Series latents() {
        return new Series(
                "latent",
                "Latent size",
                "multiply-adds",
                IntStream.of(2, 4, 8, 16, 32, 64, 128, 256, 512)
                        .mapToObj(latent -> network(latent, new Autoencoder(28, 28, 1, List.of(32, 64), 3, latent)))
                        .toList());
    }

    private Setting network(double value, Autoencoder architecture) {
        return new Setting(
                value,
                Work.multiplyAddsOfTraining(architecture),
                () -> training(architecture, BATCH, random(architecture), seconds));
    }

    private Series images() {
        return new Series(
                "images",
                "Number of images: training steps anywhere in the shuffled set",
                "multiply-adds",
                counts(count -> new Setting(
                        count,
                        Work.multiplyAddsOfTraining(Autoencoder.MNIST),
                        () -> training(Autoencoder.MNIST, BATCH, EmbeddedMnist.training(count), seconds))));
    }

    private Series opening() {
        return new Series(
                "opening",
                "Number of images: reading the set and its check sum",
                "images",
                counts(count -> new Setting(count, 1, () -> {
                    long start = System.nanoTime();
                    EmbeddedMnist.training(count).identity();
                    return (double) (System.nanoTime() - start) / count;
                })));
    }

    private static List<Setting> counts(IntFunction<Setting> setting) {
        return IntStream.of(1000, 2000, 5000, 10_000, 20_000, 40_000, 60_000)
                .mapToObj(setting)
                .toList();
    }

    private Series checkpoints() {
        return new Series(
                "checkpoint",
                "Thousands of parameters: writing a checkpoint and reading it",
                "parameters",
                IntStream.of(28, 64, 128, 256)
                        .mapToObj(side -> {
                            Autoencoder architecture = new Autoencoder(side, side, 1, List.of(32, 64), 3, 16);
                            int parameters = architecture.parameterCount();
                            return new Setting(parameters / 1e3, parameters, () -> checkpoint(architecture));
                        })
                        .toList());
    }

    private static ImageSet digits() {
        return EmbeddedMnist.training(0);
    }

    private static ImageSet random(Autoencoder architecture) {
        byte[] pixels = new byte[8 * BATCH * architecture.imageSize()];
        new Random(1).nextBytes(pixels);
        return new ImageSet(architecture.height(), architecture.width(), architecture.channels(), pixels);
    }

    /** Nanoseconds for an image in the median step; the set in random order, and over again should it not last. */
    private double training(Autoencoder architecture, int batch, ImageSet set, double least) {
        int[] order =
                new Random(1).ints(Math.max(set.count(), batch), 0, set.count()).toArray();
        try (InspectableEngine opened = Engines.openToTrain(
                        engine,
                        architecture.network(),
                        LearningRule.DEFAULT,
                        new EngineOptions(batch, Precision.FP32, threads))
                .engine()) {
            opened.load(TrainingState.initial(Initializer.glorotUniform(architecture.network(), 1)));
            opened.startEpoch(set, Noise.gaussian(0.5f, 0.5f), 1, 0, order);
            List<Double> steps = new ArrayList<>();
            int first = 0;
            double total = 0;
            // The first touches memory that nobody has touched yet.
            for (int step = -1; step < 3 || total < least * 1e9; step++) {
                first = first + batch > order.length ? 0 : first;
                long start = System.nanoTime();
                opened.trainStep(first, batch, 1e-3f);
                opened.takeLosses();
                double taken = System.nanoTime() - start;
                first += batch;
                total += taken;
                if (step >= 0) {
                    steps.add(taken);
                }
            }
            double[] sorted =
                    steps.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            return sorted[sorted.length / 2] / batch;
        }
    }

    private static double checkpoint(Autoencoder architecture) throws IOException {
        TrainingOptions options = new TrainingOptions(
                architecture, Noise.gaussian(0.5f, 0.5f), 1, BATCH, LearningRate.over(Schedule.CONSTANT, 1e-3, 0));
        Checkpoint checkpoint = Checkpoint.untrained(options, Initializer.glorotUniform(architecture.network(), 1));
        Path file = Files.createTempFile("dae-gpu-scaling", ".safetensors");
        try {
            double least = Double.POSITIVE_INFINITY;
            for (int i = 0; i < 3; i++) {
                long start = System.nanoTime();
                checkpoint.write(file);
                Checkpoint.read(file);
                least = Math.min(least, System.nanoTime() - start);
            }
            return least;
        } finally {
            Files.delete(file);
        }
    }

    /** A Markdown table for each series. */
    static String tables(List<Series> all) {
        StringBuilder text = new StringBuilder();
        for (Series series : all) {
            boolean arithmetic = series.unit().equals("multiply-adds");
            Setting cheapest = series.settings().stream()
                    .min((a, b) -> Double.compare(a.costOfWork(), b.costOfWork()))
                    .orElseThrow();
            text.append(String.format(
                    Locale.ROOT,
                    "%n%s:%n%n| %s | %s | microseconds (range) | %s | cost of the same work, least = 1 "
                            + "| |%n|---:|---:|---:|---:|---:|---|%n",
                    series.title(),
                    series.key(),
                    arithmetic ? "million multiply-adds an image" : series.unit(),
                    arithmetic ? "GFLOP/s" : "nanoseconds of one"));
            Setting before = null;
            for (Setting setting : series.settings()) {
                text.append(String.format(
                        Locale.ROOT,
                        "| %s | %s | %.1f (%.1f-%.1f) | %.2f | %.2f | %s |%n",
                        series.key().equals("checkpoint")
                                ? String.format(Locale.ROOT, "%.0fk", setting.value())
                                : String.format(Locale.ROOT, "%.0f", setting.value()),
                        arithmetic
                                ? String.format(Locale.ROOT, "%.1f", setting.work() / 1e6)
                                : String.format(Locale.ROOT, "%.0f", setting.work()),
                        setting.median() / 1e3,
                        setting.least() / 1e3,
                        setting.most() / 1e3,
                        arithmetic ? 2 * setting.work() / setting.median() : setting.costOfWork(),
                        setting.costOfWork() / cheapest.costOfWork(),
                        before != null && setting.outgrows(before) ? "grew faster than its work" : ""));
                before = setting;
            }
        }
        return text.toString();
    }

    static void draw(List<Series> all, Path file) throws IOException {
        List<XYChart> charts = new ArrayList<>();
        for (Series series : all) {
            double cheapest = series.settings().stream()
                    .mapToDouble(Setting::costOfWork)
                    .min()
                    .orElseThrow();
            XYChart drawn = new XYChartBuilder()
                    .width(WIDTH)
                    .height(HEIGHT)
                    .title(series.title())
                    .yAxisTitle("cost of the same work")
                    .build();
            drawn.getStyler()
                    .setChartBackgroundColor(Color.WHITE)
                    .setLegendVisible(false)
                    .setChartTitleFont(drawn.getStyler().getChartTitleFont().deriveFont(12f));
            drawn.getStyler()
                    .setXAxisLogarithmic(true)
                    .setYAxisMin(0.0)
                    .setPlotGridLinesColor(new Color(0xDDDDDD))
                    .setMarkerSize(6);
            drawn.getStyler().setYAxisDecimalPattern("0.#");
            XYSeries line = drawn.addSeries(
                    series.key(),
                    series.settings().stream().mapToDouble(Setting::value).toArray(),
                    series.settings().stream()
                            .mapToDouble(setting -> setting.costOfWork() / cheapest)
                            .toArray(),
                    series.settings().stream()
                            .mapToDouble(setting -> (setting.most() - setting.least()) / 2 / setting.work() / cheapest)
                            .toArray());
            line.setLineStyle(new BasicStroke(2));
            line.setLineColor(new Color(0x1F77B4));
            line.setMarkerColor(new Color(0x1F77B4));
            line.setMarker(SeriesMarkers.CIRCLE);
            charts.add(drawn);
        }
        // XChart's own way to put charts side by side wants all rows to be full.
        int rows = (charts.size() + COLUMNS - 1) / COLUMNS;
        BufferedImage picture = new BufferedImage(COLUMNS * WIDTH, rows * HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, picture.getWidth(), picture.getHeight());
        for (int i = 0; i < charts.size(); i++) {
            graphics.drawImage(
                    BitmapEncoder.getBufferedImage(charts.get(i)), i % COLUMNS * WIDTH, i / COLUMNS * HEIGHT, null);
        }
        graphics.dispose();
        ImageFile.write(file, picture);
    }
}
