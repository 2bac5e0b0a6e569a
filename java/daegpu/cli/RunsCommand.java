package daegpu.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.data.ImageFile;
import daegpu.data.InvalidInputException;
import daegpu.preview.Chart;
import daegpu.preview.Chart.Curve;
import daegpu.preview.Lettering;
import daegpu.train.Checkpoint;
import daegpu.train.ElapsedTime;
import daegpu.train.MetricsLog.Row;
import daegpu.train.RunDirectory;
import daegpu.train.RunSummary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code runs}: what was trained, how well, and in what two runs differ. */
@Command(
        name = "runs",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {"Lists the runs in a folder, newest first, or compares two of them.", ""},
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu runs",
            "  dae-gpu runs . --sort best",
            "  dae-gpu runs --compare digits photo-model --chart both.png"
        })
final class RunsCommand implements Callable<Integer> {

    private static final DateTimeFormatter MINUTE = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT);
    private static final int CHART_WIDTH = 800;
    private static final int CHART_HEIGHT = 450;
    private static final String NONE = "-";

    private enum Order {
        date,
        best
    }

    /** A run, and its noise, for which a checkpoint has to be read. */
    private record Listed(RunSummary run, String noise) {

        double leastError() {
            return run.best().map(row -> row.validation().mse()).orElse(Double.POSITIVE_INFINITY);
        }
    }

    @Spec
    private CommandSpec spec;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "FOLDER",
            defaultValue = "runs",
            description =
                    "The folder that holds the runs (default: ${DEFAULT-VALUE}, where train makes them without --output).")
    private Path folder;

    @Option(
            names = "--sort",
            paramLabel = "ORDER",
            defaultValue = "date",
            description =
                    "What comes first: ${COMPLETION-CANDIDATES}; that is, the newest run, or the one with the least "
                            + "validation error (default: ${DEFAULT-VALUE}).")
    private Order order;

    @Option(
            names = "--compare",
            paramLabel = "RUN",
            arity = "2",
            description =
                    "Instead compare two runs, named by their folders or by their names in FOLDER: the options in "
                            + "which they differ, and their errors epoch by epoch.")
    private List<Path> compared;

    @Option(
            names = "--chart",
            paramLabel = "FILE.png",
            converter = PngFile.class,
            description = "Also draw the validation errors of the two runs.")
    private Path chart;

    @Option(names = "--json", description = "Print the list as JSON, for programs.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        if (chart != null && compared == null) {
            throw new ParameterException(spec.commandLine(), "--chart is for two runs, so it needs --compare");
        }
        if (json && compared != null) {
            throw new ParameterException(spec.commandLine(), "--json is for the list, not for --compare");
        }
        return compared == null ? list() : compare(summary(compared.get(0)), summary(compared.get(1)));
    }

    private int list() throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new InvalidInputException(folder + (Files.exists(folder) ? " is not a folder" : " does not exist")
                    + ": name the folder that your runs lie in");
        }
        // Somebody may name the run itself.
        boolean isRun = Files.exists(folder.resolve("config.json")) && Files.exists(folder.resolve("metrics.csv"));
        List<Listed> runs = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Path path : isRun ? List.of(folder) : RunSummary.foldersIn(folder)) {
            try {
                RunSummary run = RunSummary.read(path);
                run.progress();
                runs.add(new Listed(run, noise(run)));
            } catch (InvalidInputException e) {
                problems.add(Remedies.message(e, spec));
            }
        }
        Comparator<Listed> newest =
                Comparator.comparing((Listed each) -> each.run().changed()).reversed();
        runs.sort(
                order == Order.date
                        ? newest
                        : Comparator.comparingDouble(Listed::leastError).thenComparing(newest));
        if (json) {
            printJson(runs);
        } else if (runs.isEmpty() && problems.isEmpty()) {
            out().println("There are no runs in " + folder + " yet.");
        } else {
            printTable(runs);
        }
        return Problems.report(spec, problems);
    }

    private void printTable(List<Listed> runs) {
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("run", "last epoch ended", "epochs", "best MSE", "PSNR (dB)", "after", "noise", "took", ""));
        for (Listed each : runs) {
            RunSummary run = each.run();
            List<String> line = new ArrayList<>(List.of(
                    name(run),
                    run.rows().isEmpty() ? NONE : MINUTE.format(run.changed().atZone(ZoneId.systemDefault())),
                    run.rows().size() + "/" + run.epochs()));
            line.addAll(run.best()
                    .map(best -> List.of(
                            format("%.5f", best.validation().mse()),
                            best.validation().hasTargets()
                                    ? format("%.2f", best.validation().psnr())
                                    : NONE,
                            String.valueOf(best.epoch())))
                    .orElse(List.of(NONE, NONE, NONE)));
            line.addAll(List.of(
                    each.noise(),
                    ElapsedTime.format(run.seconds()),
                    run.progress().toString()));
            table.add(line);
        }
        print(table);
    }

    private void printJson(List<Listed> runs) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ArrayNode array = mapper.createArrayNode();
        for (Listed each : runs) {
            RunSummary run = each.run();
            ObjectNode node = array.addObject()
                    .put("run", run.folder().toString())
                    .put("progress", run.progress().toString())
                    .put("epochs_done", run.rows().size())
                    .put("epochs", run.epochs())
                    .put("noise", each.noise())
                    .put("seconds", run.seconds())
                    .put("changed", run.changed().toString());
            run.best().ifPresent(best -> node.put("best_epoch", best.epoch())
                    .put("best_val_mse", best.validation().mse()));
        }
        out().println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(array));
    }

    private int compare(RunSummary first, RunSummary second) throws IOException {
        boolean namesDiffer = !name(first).equals(name(second));
        String firstName = namesDiffer ? name(first) : first.folder().toString();
        String secondName = namesDiffer ? name(second) : second.folder().toString();
        Map<String, String> firstOptions = first.record().texts();
        Map<String, String> secondOptions = second.record().texts();
        List<List<String>> differences = new ArrayList<>(List.of(List.of("differs", firstName, secondName)));
        TreeSet<String> options = new TreeSet<>(firstOptions.keySet());
        options.addAll(secondOptions.keySet());
        options.remove("output");
        for (String option : options) {
            String firstValue = firstOptions.getOrDefault(option, NONE);
            String secondValue = secondOptions.getOrDefault(option, NONE);
            if (!firstValue.equals(secondValue)) {
                differences.add(List.of(option, firstValue, secondValue));
            }
        }
        if (differences.size() > 1) {
            print(differences);
        } else {
            out().println("Both have the same options and versions.");
        }
        out().println();
        List<List<String>> epochs = new ArrayList<>(List.of(List.of("epoch", firstName + " MSE", secondName + " MSE")));
        for (int i = 0; i < Math.max(first.rows().size(), second.rows().size()); i++) {
            epochs.add(List.of(String.valueOf(i + 1), mse(first, i), mse(second, i)));
        }
        print(epochs);
        out().println();
        out().println(verdict(first, firstName, second, secondName));
        if (chart != null) {
            draw(List.of(curve(firstName, first), curve(secondName, second)));
        }
        return ExitStatus.DONE;
    }

    private static String mse(RunSummary run, int epoch) {
        return epoch < run.rows().size()
                ? format("%.5f", run.rows().get(epoch).validation().mse())
                : NONE;
    }

    private static String verdict(RunSummary first, String firstName, RunSummary second, String secondName) {
        if (first.best().isEmpty() || second.best().isEmpty()) {
            return "One of them has no epoch yet, so there is nothing to compare.";
        }
        Row firstBest = first.best().get();
        Row secondBest = second.best().get();
        double firstMse = firstBest.validation().mse();
        double secondMse = secondBest.validation().mse();
        if (firstMse == secondMse) {
            return format("Their best validation MSE is the same, %.5f.", firstMse);
        }
        boolean firstWins = firstMse < secondMse;
        double less = firstWins ? firstMse : secondMse;
        double more = firstWins ? secondMse : firstMse;
        return format(
                        "%s is better: its best validation MSE is %.5f (after epoch %d), %.2f %% less than %.5f "
                                + "(after epoch %d).",
                        firstWins ? firstName : secondName,
                        less,
                        firstWins ? firstBest.epoch() : secondBest.epoch(),
                        100 * (more - less) / more,
                        more,
                        firstWins ? secondBest.epoch() : firstBest.epoch())
                + (sameTask(first, second) ? "" : " They were measured on other images or noise, so this says little.");
    }

    /** Whether both take the same noise out of the same validation images, unless a checkpoint is missing. */
    private static boolean sameTask(RunSummary first, RunSummary second) {
        Path firstModel = RunDirectory.of(first.folder()).last();
        Path secondModel = RunDirectory.of(second.folder()).last();
        if (!Files.exists(firstModel) || !Files.exists(secondModel)) {
            return true;
        }
        Checkpoint one = Checkpoint.read(firstModel);
        Checkpoint other = Checkpoint.read(secondModel);
        return one.options().noise().equals(other.options().noise())
                && one.validationData().equals(other.validationData());
    }

    private static Curve curve(String name, RunSummary run) {
        return new Curve(
                name,
                run.rows().stream().mapToDouble(Row::epoch).toArray(),
                run.rows().stream().mapToDouble(row -> row.validation().mse()).toArray());
    }

    private void draw(List<Curve> curves) throws IOException {
        if (Lettering.missing().isPresent()) {
            out().println(Lettering.missing().get());
        } else {
            ImageFile.write(chart, Chart.loss(CHART_WIDTH, CHART_HEIGHT, "mean squared error", curves));
            out().println("Chart: " + chart);
        }
    }

    private RunSummary summary(Path given) {
        Path inFolder = folder.resolve(given);
        return RunSummary.read(Files.isDirectory(given) || !Files.isDirectory(inFolder) ? given : inFolder);
    }

    /** Kind, level and clipping of the noise that it trains with. */
    private static String noise(RunSummary run) {
        Path checkpoint = RunDirectory.of(run.folder()).last();
        if (!Files.exists(checkpoint)) {
            return NONE;
        }
        return NoiseText.kindAndLevels(Checkpoint.read(checkpoint).options().noise());
    }

    private static String name(RunSummary run) {
        return String.valueOf(run.folder().toAbsolutePath().normalize().getFileName());
    }

    /** Columns as wide as their widest entry; the first line is their heading. */
    private void print(List<List<String>> table) {
        int[] widths = new int[table.get(0).size()];
        for (List<String> line : table) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (List<String> line : table) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                text.append(i == 0 ? "" : "  ")
                        .append(line.get(i))
                        .append(" ".repeat(widths[i] - line.get(i).length()));
            }
            out().println(DaeGpu.oneLine(text.toString()));
        }
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
