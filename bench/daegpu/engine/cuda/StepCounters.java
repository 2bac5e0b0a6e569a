package daegpu.engine.cuda;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.bench.BenchmarkNetwork;
import daegpu.data.TrainingImages;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.KernelTable.Purpose;
import daegpu.engine.cuda.cudnn.CudnnPurposes;
import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.model.Autoencoder;
import daegpu.noise.Noise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import jcuda.driver.JCudaDriver;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What one training step of a network does on the emulated device, as a table: instructions, memory traffic beside the
 * least there can be, bank conflicts, launches, copies. {@code bench/counters} runs it. The counts are exact: they
 * differ only where the kernels or their launches do, and {@code StepCountersTest} compares them with the pages of the
 * default network, such as bench/counters.md.
 */
@Command(
        name = "bench/counters",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Prints what one training step does on the emulated device, as Markdown: instructions, memory traffic "
                        + "beside the least there can be, bank conflicts, launches and copies.",
        footer = {
            "",
            "Build first: mvn -q package -DskipTests (with g++ and make installed).",
            "The committed tables: bench/counters > bench/counters.md, and for each precision bench/counters "
                    + "--convolutions native --precision fp32 > bench/counters-native-fp32.md, and bench/counters "
                    + "--network unet --convolutions native --precision fp32 > bench/counters-native-unet-fp32.md"
        })
public final class StepCounters implements Callable<Integer> {

    private static final String VARIABLE = "DAEGPU_EMULATOR_COUNTERS";

    @Option(
            names = "--network",
            paramLabel = "NAME",
            defaultValue = "autoencoder",
            description = "autoencoder, the default network, or unet, with native (default: ${DEFAULT-VALUE}).")
    private BenchmarkNetwork network;

    @Option(names = "--batch-size", paramLabel = "N", description = "Images in the step (default: 32, and 1 for unet).")
    private Integer batchSize;

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            defaultValue = "fp32",
            description = "fp32, tf32, or bf16 with native " + "(default: ${DEFAULT-VALUE}).")
    private Precision precision;

    @Option(
            names = "--convolutions",
            paramLabel = "NAME",
            defaultValue = "cudnn",
            description = "cudnn or native (default: " + "${DEFAULT-VALUE}).")
    private Convolutions convolutions;

    /** {@code bench/counters} calls it. */
    public static void main(String[] arguments) {
        CommandLine line = new CommandLine(new StepCounters());
        line.setParameterExceptionHandler((e, given) -> refuse(e));
        line.setExecutionExceptionHandler((e, command, given) -> {
            if (e instanceof EngineUnavailableException || e instanceof IllegalArgumentException) {
                return refuse(e);
            }
            throw e;
        });
        System.exit(line.execute(arguments));
    }

    private static int refuse(Exception e) {
        System.err.println("bench/counters: " + e.getMessage());
        return 2;
    }

    @Override
    public Integer call() throws IOException {
        int batch = batchSize != null ? batchSize : network.countedBatch();
        if (batch < 1 || batch > 1024) {
            throw new IllegalArgumentException("--batch-size must be 1 to 1024, not " + batch);
        }
        if (convolutions == Convolutions.AUTO) {
            throw new IllegalArgumentException("--convolutions must be cudnn or native, not " + convolutions);
        }
        if (convolutions != Convolutions.NATIVE && network != BenchmarkNetwork.AUTOENCODER) {
            throw new IllegalArgumentException(
                    "--network " + network + " is counted with --convolutions native, not " + convolutions);
        }
        JsonNode counters = count(network, batch, precision, convolutions);
        System.out.print(
                convolutions == Convolutions.NATIVE
                        ? NativeCounters.table(counters, network, batch, precision)
                        : table(counters, batch, precision));
        return 0;
    }

    /**
     * The counters of one step that is replayed, as the emulated device writes them.
     *
     * @throws EngineUnavailableException if there is no device, or one that does not count
     */
    static JsonNode count(BenchmarkNetwork network, int batch, Precision precision, Convolutions convolutions)
            throws IOException {
        return count(
                network, batch, precision, convolutions, network.countedImages(3 * batch), Noise.gaussian(0.5f, 0.5f));
    }

    /** The same of a step on other images, at least three batches of them. */
    static JsonNode count(
            BenchmarkNetwork network,
            int batch,
            Precision precision,
            Convolutions convolutions,
            TrainingImages images,
            Noise noise)
            throws IOException {
        String variable = System.getenv(VARIABLE);
        if (variable == null || variable.isEmpty()) {
            throw new EngineUnavailableException(VARIABLE + " names no file to count into; run bench/counters");
        }
        Path file = Path.of(variable);
        int[] order = new int[3 * batch];
        for (int i = 0; i < order.length; i++) {
            order[i] = order.length - 1 - i;
        }
        try (InspectableEngine engine = new CudaTrainingEngine(
                network.architecture().network(),
                LearningRule.DEFAULT,
                new EngineOptions(batch, precision, 0).withConvolutions(convolutions))) {
            engine.load(TrainingState.initial(network.architecture().initialParameters(1)));
            engine.startEpoch(images, noise, 1, 0, order);
            for (int step = 0; step < 3; step++) { // it is run, captured, and replayed
                if (step == 2) {
                    Files.deleteIfExists(file);
                    CudaStatus.check(JCudaDriver.cuProfilerStart(), "count");
                }
                engine.trainStep(step * batch, batch, 1e-3f);
            }
            CudaStatus.check(JCudaDriver.cuProfilerStop(), "stop counting");
            if (!Files.exists(file)) {
                throw new EngineUnavailableException(
                        engine.description() + " does not count: only the emulated device does; "
                                + "run it with -Ddaegpu.cuda.libraries=target/emulator");
            }
            return new ObjectMapper().readTree(file.toFile());
        }
    }

    /** All of bench/counters.md. */
    static String table(JsonNode counters, int batch, Precision precision) {
        Map<String, Purpose> purposes = CudnnPurposes.of(Autoencoder.MNIST, batch);
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, """
                # One training step, counted

                `bench/counters` printed this; a test compares it with what the kernels do now. It is one step of the
                default network (28x28x1, filters 32 and 64, latent 16) in %s at batch %d, on the emulated device
                (`tests/emulator`), replayed as a CUDA graph. The counts are exact and say nothing of time. No GPU was
                measured.

                Sums over a batch are made in two stages: what the first leaves and the second takes counts in both.

                ## Kernels

                """, precision, batch));
        KernelTable.append(text, counters.get("kernels"), purposes);
        text.append(String.format(Locale.ROOT, """

                ## Calls of cuBLAS and cuDNN

                The emulated libraries are plain loops: they show what the calls are given, not what NVIDIA's kernels do
                with it. "Operands" are what the call names, each once, borders included.

                | call | calls | multiply-adds | operands, bytes | least, bytes | ratio |
                |---|---|---|---|---|---|
                """));
        counters.get("libraries").forEachEntry((name, call) -> {
            long bytes = call.get("bytes").longValue();
            long needed = KernelTable.purpose(purposes, name).bytes();
            text.append(String.format(
                    Locale.ROOT,
                    "| `%s` | %,d | %,d | %,d | %,d | %.2f |%n",
                    name,
                    call.get("calls").longValue(),
                    call.get("multiply_adds").longValue(),
                    bytes,
                    needed,
                    (double) bytes / needed));
        });
        JsonNode copies = counters.get("copies");
        text.append(String.format(
                Locale.ROOT,
                """

                ## The step as a whole

                | graph launches | kernel nodes | library nodes | allocations | waits of the host \
                | copies to the device | from it | on it | memsets |
                |---|---|---|---|---|---|---|---|---|
                | %d | %d | %d | %d | %d | %d | %d | %d | %d |
                """,
                counters.at("/graphs/launches").longValue(),
                counters.at("/graphs/nodes/kernel").longValue(),
                counters.at("/graphs/nodes/library").longValue(),
                counters.get("allocations").longValue(),
                counters.get("synchronizations").longValue(),
                calls(copies, "host_to_device"),
                calls(copies, "device_to_host"),
                calls(copies, "device_to_device"),
                calls(copies, "memsets")));
        return text.toString().replace(System.lineSeparator(), "\n");
    }

    private static long calls(JsonNode copies, String kind) {
        return copies.get(kind).get("calls").longValue();
    }
}
