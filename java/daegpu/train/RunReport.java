package daegpu.train;

import daegpu.data.AtomicFile;
import daegpu.data.ImageFile;
import daegpu.preview.Chart;
import daegpu.preview.Chart.Curve;
import daegpu.preview.HtmlReport;
import daegpu.preview.HtmlReport.Commands;
import daegpu.preview.HtmlReport.Figure;
import daegpu.preview.HtmlReport.Section;
import daegpu.preview.HtmlReport.Table;
import daegpu.preview.Lettering;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code loss.png} and {@code report.html}: what there is to see of a run, made from the files in its folder. */
public final class RunReport {

    private static final int CHART_WIDTH = 800;
    private static final int CHART_HEIGHT = 450;

    private static final Pattern ROBUSTNESS = Pattern.compile("robustness(?:-(\\d{1,6}))?\\.png");

    private RunReport() {}

    /**
     * The name of the figure of an evaluation in the folder of a run, whose chart is {@code robustness-chart.png} or
     * the like.
     *
     * @param number 1 for the first
     */
    public static String robustness(int number) {
        return number == 1 ? "robustness.png" : "robustness-" + number + ".png";
    }

    /** Whether a figure has such a name. */
    public static boolean isRobustness(Path figure) {
        return ROBUSTNESS.matcher(figure.getFileName().toString()).matches();
    }

    private static int number(Path figure) {
        Matcher name = ROBUSTNESS.matcher(figure.getFileName().toString());
        return name.matches() && name.group(1) != null ? Integer.parseInt(name.group(1)) : 1;
    }

    /** The figures of evaluations, in the order of their numbers. */
    private static List<Path> robustnessIn(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.filter(RunReport::isRobustness)
                    .sorted(Comparator.comparingInt(RunReport::number))
                    .toList();
        }
    }

    private static void addRobustness(List<Section> sections, Path samples) throws IOException {
        String number = number(samples) == 1 ? "" : " (" + number(samples) + ")";
        addPicture(
                sections,
                "Robustness" + number,
                "PSNR of noisy and denoised images, by the level of the noise",
                samples.resolveSibling(samples.getFileName().toString().replaceFirst("\\.png$", "-chart.png")));
        addPicture(
                sections,
                "Samples at several levels of noise" + number,
                "In each block from top to bottom: original, noisy, denoised",
                samples);
    }

    /**
     * Writes both anew. Does nothing before the first epoch is finished; leaves charts out where there are no fonts.
     *
     * @param run folder of the run
     * @param commands with which others can make the same run
     * @throws daegpu.data.InvalidInputException if a file of the run is damaged
     * @throws IOException if a file cannot be read or written
     */
    public static void write(Path run, List<String> commands) throws IOException {
        MetricsLog metrics = MetricsLog.open(run.resolve("metrics.csv"));
        List<MetricsLog.Row> rows = metrics.rows();
        if (rows.isEmpty()) {
            return;
        }
        List<Section> sections = new ArrayList<>();
        if (Lettering.missing().isEmpty()) {
            BufferedImage chart = Chart.loss(CHART_WIDTH, CHART_HEIGHT, "loss", lossCurves(metrics));
            ImageFile.write(run.resolve("loss.png"), chart);
            addPicture(
                    sections,
                    "Loss",
                    "Training " + metrics.loss().title() + " and validation " + metrics.error() + " by epoch",
                    run.resolve("loss.png"));
        }
        addPicture(
                sections,
                "Samples",
                "Validation images after epoch " + rows.get(rows.size() - 1).epoch()
                        + ", in each block from top to bottom: original, noisy, denoised",
                run.resolve(RunDirectory.sampleName(rows.get(rows.size() - 1).epoch())));
        for (Path samples : robustnessIn(run)) {
            addRobustness(sections, samples);
        }
        addPicture(
                sections,
                "Latents",
                "Validation images without noise, encoded: where they lie in the plane in which their latent "
                        + "vectors differ most, by principal component analysis",
                run.resolve(RunDirectory.LATENT_MAP));
        sections.add(metricsTable(metrics));
        Path config = run.resolve("config.json");
        if (Files.exists(config)) {
            sections.add(new Table(
                    "Configuration",
                    List.of(),
                    RunRecord.read(config).texts().entrySet().stream()
                            .map(entry -> List.of(entry.getKey(), entry.getValue()))
                            .toList()));
        }
        if (!commands.isEmpty()) {
            sections.add(new Commands("To reproduce it", commands));
        }
        String name = run.toAbsolutePath().normalize().getFileName() + "";
        AtomicFile.write(
                run.resolve("report.html"),
                HtmlReport.render("Run " + name, summary(metrics), sections).getBytes(StandardCharsets.UTF_8));
    }

    private static List<Curve> lossCurves(MetricsLog metrics) {
        List<MetricsLog.Row> rows = metrics.rows();
        return List.of(
                curve("training " + metrics.loss().title(), rows, MetricsLog.Row::trainLoss),
                curve("validation " + metrics.error(), rows, row -> row.validation()
                        .mse()));
    }

    private static Curve curve(String name, List<MetricsLog.Row> rows, ToDoubleFunction<MetricsLog.Row> value) {
        return new Curve(
                name,
                rows.stream().mapToDouble(MetricsLog.Row::epoch).toArray(),
                rows.stream().mapToDouble(value).toArray());
    }

    private static void addPicture(List<Section> sections, String heading, String caption, Path file)
            throws IOException {
        if (Files.exists(file)) {
            sections.add(new Figure(heading, caption, Files.readAllBytes(file)));
        }
    }

    private static Table metricsTable(MetricsLog metrics) {
        List<MetricsLog.Row> rows = metrics.rows();
        return new Table(
                "Epochs",
                List.of(
                        "epoch",
                        "seconds",
                        "images/s",
                        "training " + metrics.loss().title(),
                        "validation " + metrics.error(),
                        "PSNR (dB)",
                        "SSIM"),
                rows.stream()
                        .map(row -> List.of(
                                String.valueOf(row.epoch()),
                                format("%.1f", row.seconds()),
                                format("%,.0f", row.imagesPerSecond()),
                                format("%.5f", row.trainLoss()),
                                format("%.5f", row.validation().mse()),
                                score("%.2f", row.validation().psnr()),
                                score("%.4f", row.validation().ssim())))
                        .toList());
    }

    private static String summary(MetricsLog metrics) {
        MetricsLog.Row best = MetricsLog.best(metrics.rows()).orElseThrow();
        Evaluation.Scores scores = best.validation();
        return format(
                        "%d epochs done; the best validation %s, %.5f",
                        metrics.rows().size(), metrics.error(), scores.mse())
                + (scores.hasTargets() ? format(" (PSNR %.2f dB, SSIM %.4f)", scores.psnr(), scores.ssim()) : "")
                + format(", came after epoch %d.", best.epoch());
    }

    /** A dash where there was nothing to compare with. */
    private static String score(String format, double value) {
        return Double.isNaN(value) ? "–" : format(format, value);
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
