package daegpu.bench;

import daegpu.bench.ResultFile.Change;
import daegpu.bench.ResultFile.Measurement;
import daegpu.data.AtomicFile;
import daegpu.data.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs the JMH benchmarks one after the other, keeps what each measured, and compares with an earlier run. */
@Command(
        name = "dae-gpu-bench",
        mixinStandardHelpOptions = true,
        description = {
            "Times the parts of dae-gpu on this machine.",
            "Without --full: the cpu engine, batches of 1 and 32, five seconds each after a warm-up of one."
        })
public final class BenchmarkSuite implements Callable<Integer> {

    private static final Set<String> SHORT_BATCHES = Set.of("1", "32");

    /** A benchmark with one value for each of its parameters. */
    private record Case(String benchmark, Map<String, String> parameters) {

        String key() {
            return ResultFile.key(benchmark, parameters);
        }

        boolean isShort() {
            String batch = parameters.get("batchSize");
            if (parameters.containsKey("operation")) {
                return benchmark.contains(".CpuOperations.") && batch.equals("32");
            }
            return parameters.getOrDefault("engine", "cpu").equals("cpu")
                    && (batch == null || SHORT_BATCHES.contains(batch));
        }

        boolean isPeak() {
            return benchmark.contains(".Peak.");
        }
    }

    @Spec
    private CommandSpec spec;

    @Option(names = "--full", description = "All engines and batch sizes, with more and longer iterations.")
    private boolean full;

    @Option(
            names = "--filter",
            paramLabel = "REGEX",
            description = "Only those whose name in --list has a match of this.")
    private String filter = "";

    @Option(names = "--list", description = "Print what would run, and stop.")
    private boolean list;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the engines (default: each chooses).")
    private int threads;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = "Where to write the results, in JMH's JSON (default: bench-DATE-TIME.json here).")
    private Path output;

    @Option(names = "--compare", paramLabel = "OLD.json", description = "Results of an earlier run to compare with.")
    private Path compare;

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new BenchmarkSuite())
                .setParameterExceptionHandler((problem, arguments) -> report(problem.getCommandLine(), problem))
                .setExecutionExceptionHandler((problem, command, arguments) -> {
                    if (problem instanceof InvalidInputException || problem instanceof IOException) {
                        return report(command, problem);
                    }
                    throw problem;
                });
    }

    private static int report(CommandLine command, Exception problem) {
        command.getErr()
                .println("dae-gpu-bench: " + problem.getMessage().replaceAll("\\s*\\R\\s*", " ")
                        + (problem instanceof ParameterException ? " (see --help)" : ""));
        return 2;
    }

    @Override
    public Integer call() throws IOException, RunnerException {
        if (threads < 0) {
            throw new ParameterException(spec.commandLine(), "--threads must not be negative");
        }
        List<Case> cases = select();
        if (list) {
            cases.forEach(one -> spec.commandLine().getOut().println(one.key()));
            return 0;
        }
        Map<String, Measurement> before = compare == null ? Map.of() : ResultFile.read(compare);
        Path file = output != null
                ? output
                : Path.of("bench-"
                        + LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT))
                        + ".json");
        if (compare != null && Files.exists(file) && Files.isSameFile(compare, file)) {
            throw new ParameterException(
                    spec.commandLine(), "--output would replace " + compare + ", which --compare reads");
        }
        AtomicFile.write(
                file, "[]".getBytes(StandardCharsets.UTF_8)); // what cannot be written is to be known before the wait
        System.out.printf(
                "dae-gpu %s, Java %s (%s), %s %s, %d processors, threads of the engines: %s%n",
                BenchmarkSuite.class.getPackage().getImplementationVersion(),
                System.getProperty("java.version"),
                System.getProperty("java.vm.name"),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                threads == 0 ? "as they choose" : threads);
        System.out.printf(
                "%d benchmarks%s; results go to %s after each%n",
                cases.size(), full ? "" : ", about " + (cases.size() * 8 / 60 + 1) + " min", file);
        List<RunResult> results = new ArrayList<>();
        Thread interruption = new Thread(() -> {
            // Ctrl-C in a terminal reaches the process that measures, too; a signal to this one alone does not.
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
            System.out.println("\nInterrupted; what was measured before is in " + file);
        });
        Runtime.getRuntime().addShutdownHook(interruption);
        Path log = Files.createTempFile("dae-gpu-bench", ".log");
        log.toFile().deleteOnExit();
        for (Case one : cases) {
            System.out.printf("[%d/%d] %s%n", cases.indexOf(one) + 1, cases.size(), one.key());
            Collection<RunResult> measured = run(one, log);
            if (measured.isEmpty()) {
                System.out.println("      failed: " + reason(Files.readAllLines(log)));
            }
            results.addAll(measured);
            ByteArrayOutputStream json = new ByteArrayOutputStream();
            try (PrintStream out = new PrintStream(json, false, StandardCharsets.UTF_8)) {
                ResultFormatFactory.getInstance(ResultFormatType.JSON, out).writeOut(results);
            }
            AtomicFile.write(file, json.toByteArray());
        }
        Runtime.getRuntime().removeShutdownHook(interruption);
        print(ResultFile.read(file), before);
        return results.size() < cases.size() ? 1 : 0;
    }

    private List<Case> select() {
        Pattern wanted;
        try {
            wanted = Pattern.compile(filter);
        } catch (PatternSyntaxException e) {
            throw new ParameterException(
                    spec.commandLine(), "--filter is not a regular expression: " + e.getDescription());
        }
        List<Case> cases = new ArrayList<>();
        List<Case> all = new ArrayList<>();
        for (BenchmarkListEntry entry : BenchmarkList.defaultList()
                .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())) {
            List<Map<String, String>> combinations = new ArrayList<>(List.of(Map.of()));
            for (Map.Entry<String, String[]> parameter :
                    entry.getParams().orElse(Map.of()).entrySet()) {
                List<Map<String, String>> longer = new ArrayList<>();
                for (Map<String, String> combination : combinations) {
                    for (String value : parameter.getValue()) {
                        Map<String, String> more = new LinkedHashMap<>(combination);
                        more.put(
                                parameter.getKey(),
                                parameter.getKey().equals("threads") ? String.valueOf(threads) : value);
                        longer.add(more);
                    }
                }
                combinations = longer;
            }
            for (Map<String, String> combination : combinations) {
                Case one = new Case(entry.getUsername(), combination);
                all.add(one);
                if ((full || one.isShort()) && wanted.matcher(one.key()).find()) {
                    cases.add(one);
                }
            }
        }
        if (cases.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "no benchmark has a match of --filter " + filter
                            + (full ? "" : " in the short set; --full has more"));
        }
        return withPeaks(cases, all);
    }

    /**
     * What others are held against comes first, and where none of them is wanted not at all, unless it was asked for.
     */
    private static List<Case> withPeaks(List<Case> selected, List<Case> all) {
        List<Case> cases = new ArrayList<>(selected);
        if (selected.stream().anyMatch(one -> Rates.wantPeak(one.key()))) {
            cases.removeIf(Case::isPeak);
            cases.addAll(0, all.stream().filter(Case::isPeak).toList());
        }
        return cases;
    }

    /** @param log receives what JMH has to say */
    private Collection<RunResult> run(Case one, Path log) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + Pattern.quote(one.benchmark()) + "$")
                .output(log.toString());
        one.parameters().forEach((parameter, value) -> options.param(parameter, value));
        if (!full) {
            options.forks(1)
                    .warmupIterations(2)
                    .warmupTime(TimeValue.milliseconds(500))
                    .measurementIterations(5)
                    .measurementTime(TimeValue.seconds(1));
        }
        return new Runner(options.build()).run();
    }

    /** Why a benchmark failed: the first line of what was printed that names an exception, or else the last line. */
    static String reason(List<String> log) {
        List<String> lines = log.stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
        return lines.stream()
                .filter(line -> line.matches("([\\w$]+\\.)+[\\w$]*(Exception|Error)\\b.*"))
                .findFirst()
                .orElse(lines.isEmpty() ? "it printed nothing" : lines.get(lines.size() - 1));
    }

    private static void print(Map<String, Measurement> now, Map<String, Measurement> before) {
        Set<String> keys = new TreeSet<>(now.keySet());
        keys.addAll(before.keySet());
        System.out.println("\nMean and half the width of its confidence interval of 99.9 %"
                + (before.isEmpty() ? "" : "; faster or slower where the intervals of both runs do not touch"));
        for (String key : keys) {
            Measurement one = now.get(key);
            String line = String.format(Locale.ROOT, "%-60s ", key);
            line += one == null
                    ? " ".repeat(32)
                    : String.format(Locale.ROOT, "%12.4f ± %10.4f %s", one.score(), one.error(), one.unit());
            line += one == null ? "" : "  " + Rates.describe(key, one, now);
            if (!before.isEmpty()) {
                Change change = ResultFile.compare(before.get(key), one);
                line += "  "
                        + (Double.isNaN(change.ratio())
                                ? ""
                                : String.format(Locale.ROOT, "%.2f times the speed, ", change.ratio()))
                        + change.verdict();
            }
            System.out.println(line);
        }
    }
}
