package daegpu.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.data.DataSets.Validation;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.data.PictureFolder;
import daegpu.data.ReadingListener;
import daegpu.denoise.ModelEngines;
import daegpu.denoise.Strength;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InferenceEngine;
import daegpu.model.Network;
import daegpu.model.Reach;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import daegpu.preview.Chart;
import daegpu.preview.Chart.Curve;
import daegpu.preview.ContactSheet;
import daegpu.preview.ContactSheet.Block;
import daegpu.preview.Lettering;
import daegpu.train.Checkpoint;
import daegpu.train.Evaluation;
import daegpu.train.Evaluation.Result;
import daegpu.train.Evaluation.Scores;
import daegpu.train.RunReport;
import daegpu.train.SampleBlock;
import daegpu.train.TrainingOptions;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code evaluate}: how much noise a model takes. */
@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measures a model on validation images at several levels of noise, and draws what it makes of them.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu evaluate digits",
            "  dae-gpu evaluate digits/best.safetensors --noise-std 0.5,0.75 --json",
            "  dae-gpu evaluate photo-model --data more-photos --tiles",
            "  dae-gpu evaluate digits --noise salt-pepper --noise-amount 0.2,0.4",
            "  dae-gpu evaluate photo-grey --data photos --noise-std 15/255,25/255,50/255 --no-clip"
        })
final class EvaluateCommand implements Callable<Integer> {

    private static final int FIGURE_COLUMNS = 9;
    private static final int CHART_WIDTH = 800;
    private static final int CHART_HEIGHT = 450;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFile model;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides the noise (default: the seed of the model's run).")
    private Long seed;

    @Mixin
    private ValidationImages data;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description =
                    "Take the first N images only; 0 takes all (default: the number of the model's training, else "
                            + "all).")
    private Integer limit;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = MemorySize.Converter.class,
            description = MemorySize.OF_PARTS)
    private Long memory;

    @Option(
            names = "--output",
            paramLabel = "FILE.png",
            converter = PngFile.class,
            description =
                    "Where to draw the figure (default: robustness.png in the folder of the model's run, or here, if "
                            + "it is in none; robustness-2.png and so on beside those of other evaluations).")
    private Path output;

    @Option(names = "--overwrite", description = "Replace a figure that is there already.")
    private boolean overwrite;

    @Option(names = "--json", description = "Print the table as JSON, for programs.")
    private boolean json;

    @ArgGroup(
            validate = false,
            heading = "%nNoise, at one level or at several with commas (default: that of the model's training, at its%n"
                    + "level, half and double of it, or at the ends and the middle of its range, half and double):%n",
            order = 1)
    private NoiseOptions noise = new NoiseOptions();

    @ArgGroup(validate = false, heading = PictureFitting.HEADING, order = 2)
    private PictureFitting fitting = new PictureFitting();

    @ArgGroup(validate = false, heading = "%nWhat computes:%n", order = 3)
    private EngineChoice engineChoice = new EngineChoice();

    /** Rows and columns that the figure shows of the middle of whole pictures. */
    private static final int SHOWN_SIDE = 128;

    /**
     * What was measured at a level.
     *
     * @param pictures the result of each picture, where they were measured as a whole
     */
    private record Level(float level, Result result, Map<Path, Result> pictures) {}

    /**
     * What it was measured on.
     *
     * @param description how many of which size, in words
     * @param leftOut what is wrong with each of the pictures that were left out
     */
    private record Measured(int images, String description, String origin, List<InvalidInputException> leftOut) {}

    @Override
    public Integer call() throws IOException {
        if (limit != null && limit < 0) {
            throw new ParameterException(spec.commandLine(), "--limit must be 0 or more, not " + limit);
        }
        if (output != null) {
            EvaluationFigures.at(output).requireAllowed(overwrite);
        }
        Checkpoint checkpoint = model.read();
        Network network = checkpoint.options().network();
        if (seed == null) {
            seed = checkpoint.options().seed();
        }
        List<Noise> noises = noises(checkpoint.options());
        PictureFolder.Found pictures =
                !fitting.isGiven() && Reach.of(network).isPresent() ? data.pictures() : PictureFolder.Found.NOTHING;
        if (!pictures.files().isEmpty()) {
            return evaluatePictures(pictures, checkpoint, noises);
        }
        if (memory != null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--memory is for whole pictures in a folder, by a network without a bottleneck");
        }
        try (OpenedEngine<InferenceEngine> engine = engineChoice.open(network, 1)) {
            engine.engine().load(checkpoint.state().weights());
            return evaluateImages(checkpoint, engine, noises);
        }
    }

    /** Images of the model's own size. */
    private int evaluateImages(Checkpoint checkpoint, OpenedEngine<InferenceEngine> engine, List<Noise> noises)
            throws IOException {
        Validation validation = images(engine.engine().network().input());
        ImageSet images = validation.images();
        List<Level> levels = new ArrayList<>();
        List<Block> blocks = new ArrayList<>();
        double meanImage = Evaluation.baseline(engine.engine(), images, noises.get(0), seed)
                .meanImage();
        int columns = Math.min(FIGURE_COLUMNS, images.count());
        boolean cut = fitting.preparation(engine.engine().network().input(), model.run())
                .cutsTiles();
        int step = cut ? SampleBlock.step(images, columns) : 1;
        for (Noise each : noises) {
            levels.add(new Level(each.lowest(), Evaluation.of(engine.engine(), images, each, seed), Map.of()));
            blocks.add(SampleBlock.of(engine.engine(), images, each, seed, 0, columns, step)
                    .captioned(caption(each)));
        }
        leave(
                engine.engine().description() + ": " + engine.reason(),
                noises.get(0),
                new Measured(
                        images.count(),
                        String.format(Locale.ROOT, "%,d of %s", images.count(), images.describeSize()),
                        validation.origin(),
                        validation.unusable()),
                levels,
                meanImage,
                ContactSheet.draw(images.height(), images.width(), images.channels(), blocks));
        return report(checkpoint, validation);
    }

    /** Whole pictures of any sizes, by a network that has none of its own. */
    private int evaluatePictures(PictureFolder.Found found, Checkpoint checkpoint, List<Noise> noises)
            throws IOException {
        List<Path> files = found.files();
        List<Path> taken = limit == null || limit == 0 ? files : files.subList(0, Math.min(limit, files.size()));
        int channels = checkpoint.options().network().input().channels();
        ModelEngines engines = engineChoice.of(checkpoint);
        WholePictures pictures = new WholePictures(new PictureFolder.Found(taken, found.unusable()), channels);
        try (WholePictureDenoiser denoiser = new WholePictureDenoiser(
                        checkpoint.options().architecture(),
                        engines,
                        Strength.FULL,
                        memory != null ? memory : WholePictureDenoiser.defaultMemory());
                FileProgress progress = new FileProgress(spec.commandLine().getOut(), "pictures")) {
            pictures.measure(
                    denoiser,
                    noises,
                    seed,
                    Math.min(FIGURE_COLUMNS, taken.size()),
                    SHOWN_SIDE,
                    json ? ReadingListener.SILENT : progress);
        }
        List<Level> levels = new ArrayList<>();
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < noises.size(); i++) {
            levels.add(new Level(noises.get(i).lowest(), pictures.average(i), pictures.pictures(i)));
            blocks.add(pictures.block(i, caption(noises.get(i))));
        }
        leave(
                engines.description(),
                noises.get(0),
                new Measured(
                        pictures.pictures(0).size(),
                        String.format(
                                Locale.ROOT,
                                "%,d whole %s in %s",
                                pictures.pictures(0).size(),
                                pictures.pictures(0).size() == 1 ? "picture" : "pictures",
                                channels == 1 ? "grey" : "colour"),
                        data.data().toString(),
                        pictures.unusable()),
                levels,
                Double.POSITIVE_INFINITY, // pictures of any sizes have no mean
                ContactSheet.draw(SHOWN_SIDE, SHOWN_SIDE, channels, blocks));
        return Problems.report(spec, Remedies.messages(pictures.unusable(), spec));
    }

    /**
     * Prints and draws what was measured. A figure that nobody asked for, and that cannot be written, is no failure.
     *
     * @param engine what computed, and why
     * @param meanImage mean squared error of the mean of the images in place of each of them
     */
    private void leave(
            String engine, Noise one, Measured measured, List<Level> levels, double meanImage, BufferedImage samples)
            throws IOException {
        if (!json) {
            // First: the numbers should not be lost if the figure cannot be written.
            printTable(engine, one, measured, levels);
            printIfUseless(levels, meanImage);
        }
        BufferedImage chart = Lettering.missing().isEmpty()
                ? Chart.robustness(CHART_WIDTH, CHART_HEIGHT, measured(one), psnrCurves(levels))
                : null;
        EvaluationFigures figures = figures(samples, chart);
        IOException failure = null;
        try {
            figures.write(samples, chart);
            refreshReport(figures.samples());
        } catch (IOException e) {
            failure = e;
        }
        if (json) {
            printJson(one, measured, levels, failure == null ? figures : null);
        } else if (failure == null) {
            printFigures(figures);
        }
        if (failure != null && output != null) {
            throw failure;
        }
        if (failure != null) {
            spec.commandLine()
                    .getErr()
                    .println(spec.qualifiedName() + ": note: the figure was not kept: " + DaeGpu.describe(failure)
                            + "; --output FILE.png draws it elsewhere");
        }
    }

    /** Says it where the model is hardly better than no model at all, at any level. */
    private void printIfUseless(List<Level> levels, double meanImage) {
        boolean useless = levels.stream()
                .map(Level::result)
                .allMatch(result -> Evaluation.isUseless(
                        result.denoised().mse(), new Evaluation.Baseline(result.noisyClippedMse(), meanImage)));
        if (useless) {
            spec.commandLine()
                    .getOut()
                    .printf(
                            Locale.ROOT,
                            "%nThis model is of no use here: at no level is it clearly better than the noisy%nimages%s.%n",
                            Double.isInfinite(meanImage)
                                    ? ""
                                    : String.format(
                                            Locale.ROOT,
                                            " or than the mean of the images, which has an MSE of %.5f",
                                            meanImage));
        }
    }

    private EvaluationFigures figures(BufferedImage samples, BufferedImage chart) {
        if (output != null) {
            return EvaluationFigures.at(output);
        }
        return overwrite
                ? EvaluationFigures.at(model.folder().resolve(RunReport.robustness(1)))
                : EvaluationFigures.in(model.folder(), samples, chart);
    }

    /** PSNR by level of noise, before and after denoising; those that are infinite, without an error, are left out. */
    private static List<Curve> psnrCurves(List<Level> levels) {
        List<Level> sorted =
                levels.stream().sorted(Comparator.comparingDouble(Level::level)).toList();
        double[] values = sorted.stream().mapToDouble(Level::level).toArray();
        return List.of(
                new Curve(
                        "denoised",
                        values,
                        sorted.stream()
                                .mapToDouble(level -> level.result().denoised().psnr())
                                .toArray()),
                new Curve(
                        "noisy",
                        values,
                        sorted.stream()
                                .mapToDouble(level -> level.result().noisy().psnr())
                                .toArray()));
    }

    private void printFigures(EvaluationFigures figures) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%nFigure: %s (a block for each level: original over noisy over denoised)%n", figures.samples());
        Lettering.missing().ifPresentOrElse(out::println, () -> out.printf("Chart:  %s%n", figures.chart()));
    }

    /** The page of a run shows the figures that lie in its folder. */
    private static void refreshReport(Path figure) throws IOException {
        Path run = figure.toAbsolutePath().getParent();
        if (RunReport.isRobustness(figure) && Files.exists(run.resolve("report.html"))) {
            RunReport.write(run, ReproductionCommands.of(run));
        }
    }

    private static String measured(Noise noise) {
        return switch (noise.kind().measure()) {
            case STD -> "standard deviation of the noise";
            case AMOUNT -> "share of the values that are replaced";
            case PEAK -> "photons for white";
        };
    }

    private static String caption(Noise noise) {
        return NoiseText.title(noise) + ": original, noisy, denoised";
    }

    /** One for each level. */
    private List<Noise> noises(TrainingOptions model) {
        try {
            return noise.noises(model);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private Validation images(Tensor image) {
        PrintWriter out = spec.commandLine().getOut();
        try (FileProgress progress = new FileProgress(out, "pictures")) {
            return data.read(model, image, fitting, limit, json ? ReadingListener.SILENT : progress);
        }
    }

    private int report(Checkpoint checkpoint, Validation validation) {
        int status = Problems.report(spec, Remedies.messages(validation.unusable(), spec));
        if (limit == null && !fitting.isGiven() && data.changedSince(checkpoint, model, validation.images())) {
            spec.commandLine()
                    .getErr()
                    .println(spec.qualifiedName() + ": note: the images in "
                            + DaeGpu.oneLine(validation.origin())
                            + " are not those that the training was validated on, so the model may have been trained on"
                            + " some of them");
        }
        return status;
    }

    private void printTable(String engine, Noise one, Measured measured, List<Level> levels) {
        PrintWriter out = spec.commandLine().getOut();
        out.println("Engine: " + engine);
        out.printf(Locale.ROOT, "Images: %s from %s%n", measured.description(), measured.origin());
        out.printf(
                Locale.ROOT,
                "Noise:  %s%s%s, seed %d%n%n",
                one.kind(),
                one.kind().hasMean() ? " of mean " + one.mean() : "",
                NoiseText.clipping(one),
                seed);
        out.printf("%-12s %10s %10s %10s   %10s %10s %10s%n", "", "noisy", "", "", "denoised", "", "");
        out.printf(
                "%-12s %10s %10s %10s   %10s %10s %10s%n",
                "noise " + one.kind().measure(), "MSE", "PSNR (dB)", "SSIM", "MSE", "PSNR (dB)", "SSIM");
        for (Level level : levels) {
            Scores noisy = level.result().noisy();
            Scores denoised = level.result().denoised();
            out.printf(
                    Locale.ROOT,
                    "%-12s %10.5f %10.2f %10.4f   %10.5f %10.2f %10.4f%n",
                    level.level(),
                    noisy.mse(),
                    noisy.psnr(),
                    noisy.ssim(),
                    denoised.mse(),
                    denoised.psnr(),
                    denoised.ssim());
        }
    }

    /** @param figures null where none were kept */
    private void printJson(Noise one, Measured measured, List<Level> levels, EvaluationFigures figures)
            throws IOException {
        boolean hasChart = figures != null && Lettering.missing().isEmpty();
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        root.put("model", model.name())
                .put("images", measured.images())
                .put("data", measured.origin())
                .put("noise", one.kind().toString())
                .put("noise_mean", one.mean())
                .put("noise_clipped", one.clipped())
                .put("seed", seed)
                .put("figure", figures == null ? null : figures.samples().toString())
                .put("chart", hasChart ? figures.chart().toString() : null);
        Remedies.messages(measured.leftOut(), spec).forEach(root.putArray("left_out")::add);
        ArrayNode rows = root.putArray("levels");
        for (Level level : levels) {
            ObjectNode row = rows.addObject().put("noise_" + one.kind().measure(), level.level());
            addScores(row.putObject("noisy"), level.result().noisy());
            addScores(row.putObject("denoised"), level.result().denoised());
            addPictures(row, level.pictures());
        }
        spec.commandLine()
                .getOut()
                .println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root));
    }

    private static void addPictures(ObjectNode row, Map<Path, Result> pictures) {
        if (!pictures.isEmpty()) {
            ArrayNode array = row.putArray("pictures");
            pictures.forEach((file, result) -> {
                ObjectNode picture = array.addObject().put("file", file.toString());
                addScores(picture.putObject("noisy"), result.noisy());
                addScores(picture.putObject("denoised"), result.denoised());
            });
        }
    }

    private static void addScores(ObjectNode node, Scores scores) {
        // The ratio is infinite where there is no error, and JSON has no number for that.
        node.put("mse", scores.mse())
                .put("psnr", Double.isFinite(scores.psnr()) ? scores.psnr() : null)
                .put("ssim", scores.ssim());
    }
}
