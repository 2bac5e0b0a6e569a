package daegpu.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.data.DataSets.Validation;
import daegpu.data.InvalidInputException;
import daegpu.data.NoisyFiles;
import daegpu.data.PicturePage;
import daegpu.data.PicturePair;
import daegpu.data.Preparation;
import daegpu.data.ReadingListener;
import daegpu.data.ValidationSet;
import daegpu.denoise.ModelEngines;
import daegpu.denoise.Strength;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InferenceEngine;
import daegpu.metrics.PairComparison;
import daegpu.model.Network;
import daegpu.model.Reach;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import daegpu.preview.Chart;
import daegpu.preview.Chart.Curve;
import daegpu.preview.ContactSheet;
import daegpu.preview.ContactSheet.Block;
import daegpu.preview.Lettering;
import daegpu.train.BuiltInModel;
import daegpu.train.Checkpoint;
import daegpu.train.Evaluation;
import daegpu.train.Evaluation.Result;
import daegpu.train.Evaluation.Scores;
import daegpu.train.PairCheck;
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
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code evaluate}: how much noise a model takes. */
@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measures a model on validation images at several levels of noise, and draws what it makes of them.",
            "Of pictures in place of a model, it estimates what noise they have, whether that depends on the brightness, "
                    + "and prints the options by which train makes such noise.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu evaluate digits",
            "  dae-gpu evaluate noisy-photos",
            "  dae-gpu evaluate digits/best.safetensors --noise-std 0.5,0.75 --json",
            "  dae-gpu evaluate photo-model --data more-photos --tiles",
            "  dae-gpu evaluate digits --noise salt-pepper --noise-amount 0.2,0.4",
            "  dae-gpu evaluate scan-model --noisy dirty-scans --clean clean-scans",
            "  dae-gpu evaluate photo-grey --data photos --noise-std 15/255,25/255,50/255 --no-clip"
        })
final class EvaluateCommand implements Callable<Integer> {

    /** What stands for the parameters. */
    static final String LABEL = "MODEL|PICTURE";

    private static final int FIGURE_COLUMNS = 9;
    /** Characters of the table's first column at least. */
    private static final int LEVEL_COLUMN = 12;

    private static final int CHART_WIDTH = 800;
    private static final int CHART_HEIGHT = 450;
    /** The clean value at which noise that has a gain is compared. */
    private static final float MID_GREY = 0.5f;

    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = LABEL,
            description =
                    "A model: a checkpoint (*.safetensors); the folder of a run, whose best.safetensors is taken; "
                            + "or the name of a model that comes with the program, as the command models lists them. Or "
                            + "pictures and folders of pictures, whose noise is estimated; - is the standard input.")
    private List<Path> arguments;

    /** The model that they name. */
    private ModelFile model;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides the noise (default: the seed of the model's run).")
    private Long seed;

    @Mixin
    private ValidationImages data;

    @Option(
            names = "--noisy",
            paramLabel = "DIR",
            description = "Pictures that are noisy already, to which no noise is added.")
    private Path noisy;

    @Option(
            names = "--clean",
            paramLabel = "DIR",
            description = "The clean picture of each in --noisy, found by the same name as for train. Without it, each "
                    + "scene has several noisy ones, and the PSNR from one to another is too low.")
    private Path clean;

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
            heading = "%nNoise, at one level or at several with commas between them. The default is the%n"
                    + "noise of the model's training at its level, at half and at double of it; for a%n"
                    + "range of levels, at both ends, the middle, half of the least and double of the%n"
                    + "greatest level:%n",
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
    private record Level(Noise noise, Result result, Map<PicturePage, Result> pictures) {
        /** Where it stands in the chart. */
        private float level() {
            return noise.kind().hasGain() ? noise.at(0.5f).deviation(MID_GREY) : noise.lowest();
        }

        private String text() {
            return noise.levels() + (noise.kind().hasGain() ? ", " + noise.gains() : "");
        }
    }

    /**
     * What it was measured on.
     *
     * @param description how many of which size, in words
     * @param hasNoisyTargets whether what should come out is noisy as well
     * @param isAtBlindSpots whether the error of what was denoised is that at blind spots
     * @param leftOut what is wrong with each of the pictures that were left out
     */
    private record Measured(
            int images,
            String description,
            boolean hasNoisyTargets,
            boolean isAtBlindSpots,
            String origin,
            List<InvalidInputException> leftOut) {}

    private final StandardStreams streams = new StandardStreams();

    @Override
    public Integer call() throws IOException {
        return streams.call(this::run);
    }

    private int run() throws IOException {
        Path first = arguments.get(0);
        if (StandardStreams.isStream(first) || !ModelFile.isModel(first, true)) {
            return estimateNoise();
        }
        if (arguments.size() > 1) {
            throw aloneOnly(first);
        }
        model = new ModelFile(first);
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
        requireOneSource();
        boolean isReal = noisy != null
                || data.data() == null && checkpoint.options().noise().isNone();
        List<Noise> noises = isReal && !noise.areGiven() ? List.of(Noise.NONE) : noises(checkpoint.options());
        if (noises.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "this model was trained on pictures that are noisy already: name some with --noisy and --clean, or"
                            + " say which noise to add with --noise-std");
        }
        if (!fitting.isGiven() && Reach.of(network).isPresent()) {
            PicturePair.Found pictures =
                    noisy != null ? PicturePair.find(noisy, clean) : PicturePair.Found.of(data.pictures());
            if (!pictures.pairs().isEmpty()) {
                return evaluatePictures(pictures, checkpoint, noises);
            }
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

    private void requireOneSource() {
        require(clean == null || noisy != null, "--clean goes with --noisy");
        require(noisy == null || data.data() == null, "give one of --data and --noisy");
        require(
                noisy == null || !noise.areGiven(),
                "--noisy is for pictures that are noisy already; to add noise, name clean ones with --data");
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private void note(String problem) {
        spec.commandLine().getErr().println(spec.qualifiedName() + ": note: " + problem);
    }

    private ParameterException aloneOnly(Path one) {
        List<String> others = arguments.stream()
                .filter(argument -> !argument.equals(one))
                .map(Path::toString)
                .toList();
        return new ParameterException(
                spec.commandLine(),
                one + " is a model, which is named alone and measured on what --data names; there is also '"
                        + String.join("', '", others) + "'" + DaeGpu.remarkOnSizes(others));
    }

    /** What noise pictures have. */
    private int estimateNoise() throws IOException {
        for (Path argument : arguments) {
            boolean there = Files.exists(argument) || BuiltInModel.of(argument).isPresent();
            if (there && !StandardStreams.isStream(argument) && ModelFile.isModel(argument, true)) {
                throw aloneOnly(argument);
            }
        }
        List<String> others = spec.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .filter(name -> !name.equals("--json"))
                .toList();
        if (!others.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    String.join(", ", others) + " goes with a model, and " + arguments.get(0) + " is none");
        }
        List<Path> inputs = new ArrayList<>();
        for (Path argument : arguments) {
            inputs.add(streams.read(argument));
        }
        PrintWriter out = spec.commandLine().getOut();
        SeenNoise seen;
        try (FileProgress progress = new FileProgress(out, "pictures")) {
            seen = SeenNoise.of(inputs, Integer.MAX_VALUE, json ? ReadingListener.SILENT : progress);
        }
        NoiseReport report = new NoiseReport(seen, streams::named);
        List<String> leftOut = Remedies.messages(seen.unusable(), spec).stream()
                .map(streams::named)
                .toList();
        if (json) {
            out.println(report.json(leftOut));
        } else {
            report.print(out);
        }
        return Problems.report(spec, leftOut);
    }

    /** Images of the model's own size. */
    private int evaluateImages(Checkpoint checkpoint, OpenedEngine<InferenceEngine> engine, List<Noise> noises)
            throws IOException {
        Validation validation = images(engine.engine().network().input());
        PairComparison comparison = PairCheck.of(validation.images());
        PairCheck.warning(comparison).ifPresent(this::note);
        ValidationSet images = PairCheck.judged(validation.images(), comparison);
        List<Level> levels = new ArrayList<>();
        List<Block> blocks = new ArrayList<>();
        double meanImage = Evaluation.baseline(engine.engine(), images, noises.get(0), seed)
                .meanImage();
        int columns = Math.min(FIGURE_COLUMNS, images.count());
        boolean cut = fitting.preparation(engine.engine().network().input(), model.run())
                .cutsTiles();
        int step = cut ? SampleBlock.step(images.count(), columns) : 1;
        for (Noise each : noises) {
            levels.add(new Level(each, Evaluation.of(engine.engine(), images, each, seed), Map.of()));
            blocks.add(SampleBlock.of(engine.engine(), images, each, seed, 0, columns, step)
                    .captioned(caption(each, SampleBlock.rows(images))));
        }
        leave(
                engine.engine().description() + ": " + engine.reason(),
                noises.get(0),
                new Measured(
                        images.count(),
                        String.format(
                                Locale.ROOT,
                                "%,d of %s",
                                images.count(),
                                images.target().describeSize()),
                        images.hasNoisyTargets(),
                        images.blindSpots().isPresent(),
                        validation.origin(),
                        validation.unusable()),
                levels,
                meanImage,
                ContactSheet.draw(images.height(), images.width(), images.channels(), blocks),
                SampleBlock.rows(images));
        return report(checkpoint, validation);
    }

    /** Whole pictures of any sizes, by a network that has none of its own. */
    private int evaluatePictures(PicturePair.Found found, Checkpoint checkpoint, List<Noise> noises)
            throws IOException {
        int channels = checkpoint.options().network().input().channels();
        ModelEngines engines = engineChoice.of(checkpoint);
        WholePictures pictures =
                new WholePictures(found, limit == null ? 0 : limit, fitting.range(model.run()), channels);
        try (WholePictureDenoiser denoiser = new WholePictureDenoiser(
                        checkpoint.options().architecture(),
                        engines,
                        Strength.FULL,
                        memory != null ? memory : WholePictureDenoiser.defaultMemory());
                FileProgress progress = new FileProgress(spec.commandLine().getOut(), "pictures")) {
            pictures.measure(
                    denoiser, noises, seed, FIGURE_COLUMNS, SHOWN_SIDE, json ? ReadingListener.SILENT : progress);
        }
        PairCheck.warning(pictures.comparison()).ifPresent(this::note);
        boolean hasNoisyTargets =
                found.hasNoisyTargets() || pictures.comparison().hasNoisyTargets();
        String rows = SampleBlock.rows(hasNoisyTargets);
        List<Level> levels = new ArrayList<>();
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < noises.size(); i++) {
            levels.add(new Level(noises.get(i), pictures.average(i), pictures.pictures(i)));
            blocks.add(pictures.block(i, caption(noises.get(i), rows)));
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
                        hasNoisyTargets,
                        false,
                        noisy != null ? noisy.toString() : data.data().toString(),
                        pictures.unusable()),
                levels,
                Double.POSITIVE_INFINITY, // pictures of any sizes have no mean
                ContactSheet.draw(SHOWN_SIDE, SHOWN_SIDE, channels, blocks),
                rows);
        return Problems.report(spec, Remedies.messages(pictures.unusable(), spec));
    }

    /**
     * Prints and draws what was measured. A figure that nobody asked for, and that cannot be written, is no failure.
     *
     * @param engine what computed, and why
     * @param meanImage mean squared error of the mean of the images in place of each of them
     * @param rows what the rows of each block of the samples show
     */
    private void leave(
            String engine,
            Noise one,
            Measured measured,
            List<Level> levels,
            double meanImage,
            BufferedImage samples,
            String rows)
            throws IOException {
        if (!json) {
            // First: the numbers should not be lost if the figure cannot be written.
            printTable(engine, one, measured, levels);
            printIfUseless(levels, meanImage);
        }
        BufferedImage chart = Lettering.missing().isEmpty() && !one.isNone()
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
            printFigures(figures, chart != null, rows);
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

    private void printFigures(EvaluationFigures figures, boolean hasChart, String rows) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%nFigure: %s (a block for each level, from top to bottom: %s)%n", figures.samples(), rows);
        Lettering.missing().ifPresent(out::println);
        if (hasChart) {
            out.printf("Chart:  %s%n", figures.chart());
        }
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
            case STD -> "standard deviation of the noise" + (noise.kind().hasGain() ? " in mid-grey" : "");
            case AMOUNT -> "share of the values that are replaced";
            case PEAK -> "photons for white";
        };
    }

    private static String caption(Noise noise, String rows) {
        return (noise.isNone() ? "Pictures that are noisy already" : NoiseText.title(noise)) + ": " + rows;
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
            ReadingListener listener = json ? ReadingListener.SILENT : progress;
            return noisy != null
                    ? pairs(fitting.preparation(image, model.run()), listener)
                    : data.read(model, image, fitting, limit, listener);
        }
    }

    /** Pairs of the model's own size. */
    private Validation pairs(Preparation preparation, ReadingListener listener) {
        return new NoisyFiles(
                        noisy,
                        clean,
                        null,
                        noisy,
                        clean,
                        0,
                        0,
                        limit == null ? 0 : limit,
                        preparation,
                        Optional.empty())
                .openValidation(listener);
    }

    private int report(Checkpoint checkpoint, Validation validation) {
        int status = Problems.report(spec, Remedies.messages(validation.unusable(), spec));
        if (limit == null
                && noisy == null
                && !fitting.isGiven()
                && data.changedSince(checkpoint, model, validation.images())) {
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
        out.println("Noise:  "
                + (one.isNone()
                        ? "that of the pictures"
                        : one.kind() + (one.kind().hasMean() ? " of mean " + one.mean() : "") + NoiseText.clipping(one)
                                + ", seed " + seed));
        if (measured.isAtBlindSpots()) {
            out.println("        The MSE after denoising is that at blind spots, from noisy pixels.");
        }
        if (measured.hasNoisyTargets()) {
            out.println("        The targets are noisy as well, so the PSNR of what was denoised is at least this.");
        }
        out.println();
        int column = levels.stream().mapToInt(level -> level.text().length()).reduce(LEVEL_COLUMN, Math::max);
        String heading = "%-" + column + "s %10s %10s %10s   %10s %10s %10s%n";
        out.printf(heading, "", "noisy", "", "", "denoised", "", "");
        out.printf(
                heading,
                one.isNone()
                        ? ""
                        : one.kind().hasGain()
                                ? "std, gain"
                                : "noise " + one.kind().measure(),
                "MSE",
                "PSNR (dB)",
                "SSIM",
                "MSE",
                "PSNR (dB)",
                "SSIM");
        for (Level level : levels) {
            Scores before = level.result().noisy();
            Scores denoised = level.result().denoised();
            out.printf(
                    "%-" + column + "s %s   %s%n", one.isNone() ? "" : level.text(), scores(before), scores(denoised));
        }
    }

    /** Three columns, with a dash where there was nothing to compare with. */
    private static String scores(Scores scores) {
        return score("%10.5f", scores.mse()) + " " + score("%10.2f", scores.psnr()) + " "
                + score("%10.4f", scores.ssim());
    }

    private static String score(String format, double value) {
        return Double.isNaN(value) ? String.format("%10s", "-") : String.format(Locale.ROOT, format, value);
    }

    /** @param figures null where none were kept */
    private void printJson(Noise one, Measured measured, List<Level> levels, EvaluationFigures figures)
            throws IOException {
        boolean hasChart = figures != null && Lettering.missing().isEmpty() && !one.isNone();
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        root.put("model", model.name())
                .put("images", measured.images())
                .put("data", measured.origin())
                .put("noise", one.isNone() ? "none" : one.kind().toString())
                .put("noise_mean", one.mean())
                .put("noise_clipped", one.clipped())
                .put("noisy_targets", measured.hasNoisyTargets())
                .put("seed", seed)
                .put("figure", figures == null ? null : figures.samples().toString())
                .put("chart", hasChart ? figures.chart().toString() : null);
        Remedies.messages(measured.leftOut(), spec).forEach(root.putArray("left_out")::add);
        ArrayNode rows = root.putArray("levels");
        for (Level level : levels) {
            ObjectNode row = rows.addObject()
                    .put("noise_" + one.kind().measure(), level.noise().lowest());
            if (one.kind().hasGain()) {
                row.put("noise_gain", level.noise().lowestGain());
            }
            addScores(row.putObject("noisy"), level.result().noisy());
            addScores(row.putObject("denoised"), level.result().denoised());
            addPictures(row, level.pictures());
        }
        spec.commandLine()
                .getOut()
                .println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root));
    }

    private static void addPictures(ObjectNode row, Map<PicturePage, Result> pictures) {
        if (!pictures.isEmpty()) {
            ArrayNode array = row.putArray("pictures");
            pictures.forEach((page, result) -> {
                ObjectNode picture = array.addObject().put("file", page.toString());
                addScores(picture.putObject("noisy"), result.noisy());
                addScores(picture.putObject("denoised"), result.denoised());
            });
        }
    }

    private static void addScores(ObjectNode node, Scores scores) {
        // JSON has no number for the ratio where there is no error, nor for scores without anything to compare with.
        node.put("mse", finite(scores.mse())).put("psnr", finite(scores.psnr())).put("ssim", finite(scores.ssim()));
    }

    private static Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
