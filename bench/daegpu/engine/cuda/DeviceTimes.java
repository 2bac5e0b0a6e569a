package daegpu.engine.cuda;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import daegpu.data.EmbeddedMnist;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.KernelTable.Purpose;
import daegpu.engine.cuda.cudnn.CudnnPurposes;
import daegpu.engine.cuda.cudnn.SquareProduct;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUevent;
import jcuda.driver.JCudaDriver;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How long kernels, library calls and whole training steps of the default network take on a GPU, by CUDA events, beside
 * what the GPU reaches in a copy and in a product of matrices in the same run. {@code bench/gpu} runs it.
 *
 * <p>Before each kernel a buffer larger than the L2 cache is overwritten, by which what the kernel reads has left the
 * cache, as if each launch had buffers of its own, and which takes the device long enough for the host to have asked
 * for the kernel by then: events before and after it have nothing but the kernel between them. Whole steps are timed as
 * they are trained, one after another.
 */
@Command(
        name = "bench/gpu",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Times the kernels, the library calls and the training steps of the default network "
                + "on a GPU, and prints Markdown.",
        footer = {
            "",
            "Build first: mvn -q package -DskipTests. Where there is no GPU, bench/counters counts on an emulated one.",
            "DAEGPU_CUDA_LIBRARIES=DIR in the environment: where to look for NVIDIA's libraries first."
        })
public final class DeviceTimes implements Callable<Integer> {

    private static final Autoencoder NETWORK = Autoencoder.MNIST;
    private static final int MOST_COPIED = 1 << 30;
    private static final int MOST_ROWS = 8192;

    @Option(
            names = "--batch-sizes",
            paramLabel = "N",
            split = ",",
            defaultValue = "32,128,512",
            description = "Images in a step (default: ${DEFAULT-VALUE}).")
    private List<Integer> batchSizes;

    @Option(
            names = "--repetitions",
            paramLabel = "N",
            defaultValue = "50",
            description = "Steps whose median counts (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            defaultValue = "10",
            description = "Steps, or other work, before what is timed (default: ${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(
            names = "--precisions",
            paramLabel = "NAME",
            split = ",",
            defaultValue = "fp32,tf32,bf16",
            description = "What to multiply in, where the GPU can (default: ${DEFAULT-VALUE}).")
    private List<Precision> precisions;

    @Option(
            names = "--device",
            paramLabel = "N",
            defaultValue = "0",
            description = "The GPU (default: ${DEFAULT-VALUE}).")
    private int deviceNumber;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the times to a file, too.")
    private Path json;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** What is written as JSON. */
    private final Map<String, Object> results = new LinkedHashMap<>();

    /** What a device reaches; 0 where that is not known. */
    private record Ceilings(double bytesPerSecond, double flops) {}

    /** {@code bench/gpu} calls it. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new DeviceTimes());
        line.setParameterExceptionHandler((e, given) -> refuse(line, e));
        line.setExecutionExceptionHandler((e, command, given) -> {
            if (e instanceof EngineUnavailableException
                    || e instanceof IllegalArgumentException
                    || e instanceof IllegalStateException
                    || e instanceof IOException) {
                return refuse(line, e);
            }
            throw e;
        });
        return line;
    }

    private static int refuse(CommandLine line, Exception e) {
        line.getErr()
                .println("bench/gpu: " + e.getMessage()
                        + (e instanceof EngineUnavailableException
                                ? "; bench/counters counts what kernels do where there is no GPU"
                                : ""));
        return 2;
    }

    @Override
    public Integer call() throws IOException {
        for (int batch : batchSizes) {
            if (batch < 1 || batch > 4096) {
                throw new IllegalArgumentException("--batch-sizes must be 1 to 4096, not " + batch);
            }
        }
        if (repetitions < 1 || warmUp < 1) {
            throw new IllegalArgumentException("--repetitions and --warm-up must be at least 1");
        }
        if (json != null && !Files.isWritable(json.toAbsolutePath().getParent())) {
            throw new IllegalArgumentException(
                    json + " cannot be written: there is no such folder, or it may not be written to");
        }
        List<Gpu> gpus = Gpu.all();
        if (deviceNumber < 0 || deviceNumber >= gpus.size()) {
            throw new IllegalArgumentException("there is no device " + deviceNumber);
        }
        Gpu gpu = gpus.get(deviceNumber);
        boolean emulated = gpu.name().equals("emulated device");
        print(
                "# Times on %s%n%nCompute capability %d.%d, driver for CUDA %s, medians of %d.%n",
                gpu.name(),
                gpu.major(),
                gpu.minor(),
                CudaLibraries.describe(CudaLibraries.driverVersion()),
                repetitions);
        if (emulated) {
            print("%n**This device is emulated: none of these times means anything.**%n");
        }
        results.put("device", gpu.name());
        results.put("emulated", emulated);
        boolean hasLibraries = CudaLibraries.missingForLayers().isEmpty();
        CudaLibraries.missingForLayers().ifPresent(missing -> print("%nNothing by cuDNN and cuBLAS: %s.%n", missing));
        List<Precision> formats = precisions.stream()
                .filter(precision -> precision == Precision.FP32 || gpu.isAtLeast(8, 0))
                .toList();
        Map<Precision, Ceilings> ceilings = new LinkedHashMap<>();
        print("%n## What the device reaches%n%n| | |%n|---|---|%n");
        for (Precision precision : formats) {
            ceilings.put(precision, ceilings(gpu, precision, hasLibraries && precision != Precision.BF16, emulated));
        }
        for (int batch : batchSizes) {
            print("%n## Batch %d%n", batch);
            for (Precision precision : formats) {
                if (hasLibraries && precision != Precision.BF16) {
                    time(
                            Convolutions.CUDNN,
                            precision,
                            batch,
                            CudnnPurposes.of(NETWORK, batch),
                            ceilings.get(precision));
                }
                time(
                        Convolutions.NATIVE,
                        precision,
                        batch,
                        NativeCounters.purposes(NETWORK, batch, precision),
                        ceilings.get(precision));
            }
        }
        if (json != null) {
            new ObjectMapper()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .writeValue(Files.newOutputStream(json), results);
        }
        return 0;
    }

    private void print(String format, Object... values) {
        spec.commandLine()
                .getOut()
                .print(String.format(Locale.ROOT, format, values).replace(System.lineSeparator(), "\n"));
        spec.commandLine().getOut().flush();
    }

    /** By a copy, which reads and writes each byte, and by cuBLAS's product of square matrices. */
    private Ceilings ceilings(Gpu gpu, Precision precision, boolean hasProduct, boolean emulated) {
        try (Device device = new Device(gpu);
                OwnedScope scope = new OwnedScope(device)) {
            long bytes = emulated ? 1 << 16 : Math.min(MOST_COPIED, device.freeBytes() / 8);
            DeviceArray from = device.allocate(scope.scope(), bytes, "a copy");
            DeviceArray to = device.allocate(scope.scope(), bytes, "a copy");
            double bytesPerSecond = 2
                    * bytes
                    / median(seconds(
                            device,
                            scope.scope(),
                            () -> CudaStatus.check(
                                    JCudaDriver.cuMemcpyDtoDAsync(to.pointer(), from.pointer(), bytes, device.stream()),
                                    "copy")));
            if (!results.containsKey("copy_bytes_per_second")) {
                print("| a copy of %,d MiB | %.1f GB/s read and written |%n", bytes >> 20, bytesPerSecond / 1e9);
                results.put("copy_bytes_per_second", bytesPerSecond);
            }
            if (!hasProduct) {
                return new Ceilings(bytesPerSecond, 0);
            }
            int rows = emulated ? 32 : Math.min(MOST_ROWS, (int) Math.sqrt(bytes / 4.0) / 128 * 128);
            SquareProduct product = new SquareProduct(device, scope.scope(), precision, rows, from, to);
            double flops = 2.0 * rows * rows * rows / median(seconds(device, scope.scope(), product::run));
            print(
                    "| a product of two %,d x %,d matrices by cuBLAS in %s | %.2f TFLOP/s |%n",
                    rows, rows, precision, flops / 1e12);
            results.put("product_flops_" + precision, flops);
            return new Ceilings(bytesPerSecond, flops);
        }
    }

    /** What some work takes, each time. */
    private double[] seconds(Device device, DeviceScope owner, Runnable work) {
        List<CUevent> events = new ArrayList<>();
        for (int i = 0; i < warmUp; i++) {
            work.run();
        }
        for (int i = 0; i < repetitions; i++) {
            events.add(record(device, owner));
            work.run();
            events.add(record(device, owner));
        }
        device.synchronize();
        return IntStream.range(0, repetitions)
                .mapToDouble(i -> between(events.get(2 * i), events.get(2 * i + 1)))
                .toArray();
    }

    private static CUevent record(Device device, DeviceScope owner) {
        CUevent event = new CUevent();
        CudaStatus.check(JCudaDriver.cuEventCreate(event, 0), "make an event");
        owner.own(() -> JCudaDriver.cuEventDestroy(event));
        CudaStatus.check(JCudaDriver.cuEventRecord(event, device.stream()), "record an event");
        return event;
    }

    private static double between(CUevent first, CUevent second) {
        float[] milliseconds = new float[1];
        CudaStatus.check(JCudaDriver.cuEventElapsedTime(milliseconds, first, second), "read an event");
        return milliseconds[0] / 1e3;
    }

    private static double median(double[] values) {
        return quantile(values, 0.5);
    }

    private static double quantile(double[] values, double part) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) (part * (sorted.length - 1))];
    }

    private void time(
            Convolutions convolutions,
            Precision precision,
            int batch,
            Map<String, Purpose> purposes,
            Ceilings ceilings) {
        try (CudaTrainingEngine engine = new CudaTrainingEngine(
                NETWORK.network(),
                LearningRule.DEFAULT,
                new EngineOptions(batch, precision, deviceNumber).withConvolutions(convolutions))) {
            Device device = engine.device();
            int steps = Math.max(warmUp, repetitions + 1);
            engine.load(TrainingState.initial(Initializer.glorotUniform(NETWORK.network(), 1)));
            engine.startEpoch(
                    EmbeddedMnist.training(batch),
                    Noise.gaussian(0.5f, 0.5f),
                    1,
                    0,
                    IntStream.range(0, steps * batch).map(i -> i % batch).toArray());
            run(engine, batch, warmUp);
            double graph = step(engine, batch);
            device.listen(what -> {});
            run(engine, batch, warmUp);
            double calls = step(engine, batch);
            Map<String, double[]> times = kernels(engine, batch);
            device.listen(null);
            engine.takeLosses();
            report(convolutions, precision, batch, graph, calls, times, purposes, ceilings);
        }
    }

    private static void run(CudaTrainingEngine engine, int batch, int steps) {
        for (int i = 0; i < steps; i++) {
            engine.trainStep(i * batch, batch, 1e-4f);
        }
        engine.takeLosses(); // waits
    }

    /** Seconds that a step takes, of as many steps in a row as are repeated. */
    private double step(CudaTrainingEngine engine, int batch) {
        Device device = engine.device();
        try (OwnedScope scope = new OwnedScope(device)) {
            CUevent first = record(device, scope.scope());
            for (int i = 0; i < repetitions; i++) {
                engine.trainStep(i * batch, batch, 1e-4f);
            }
            CUevent last = record(device, scope.scope());
            engine.takeLosses();
            return between(first, last) / repetitions;
        }
    }

    /**
     * Of each kernel and library function, by its name, the seconds that all of its calls in a step take, step by step.
     */
    private Map<String, double[]> kernels(CudaTrainingEngine engine, int batch) {
        Device device = engine.device();
        Map<String, double[]> times = new LinkedHashMap<>();
        try (OwnedScope caches = new OwnedScope(device)) {
            long bytes = 4L * cacheBytes();
            DeviceArray scratch = device.allocate(caches.scope(), bytes, "emptying caches");
            engine.trainStep(
                    0, batch, 1e-4f); // goes back to the beginning of the order, for which there is a kernel, too
            for (int repetition = 0; repetition < repetitions; repetition++) {
                int now = repetition;
                try (OwnedScope scope = new OwnedScope(device)) {
                    List<String> names = new ArrayList<>();
                    List<CUevent> ends = new ArrayList<>();
                    List<CUevent> starts = new ArrayList<>();
                    Runnable next = () -> {
                        CudaStatus.check(
                                JCudaDriver.cuMemsetD8Async(scratch.pointer(), (byte) now, bytes, device.stream()),
                                "empty the caches");
                        starts.add(record(device, scope.scope()));
                    };
                    device.listen(what -> {
                        ends.add(record(device, scope.scope()));
                        names.add(what);
                        next.run();
                    });
                    next.run();
                    engine.trainStep((now + 1) * batch, batch, 1e-4f);
                    device.synchronize();
                    for (int i = 0; i < names.size(); i++) {
                        times.computeIfAbsent(names.get(i), name -> new double[repetitions])[now] +=
                                between(starts.get(i), ends.get(i));
                    }
                }
            }
        }
        return times;
    }

    private int cacheBytes() {
        int[] bytes = new int[1];
        CudaStatus.check(
                JCudaDriver.cuDeviceGetAttribute(
                        bytes, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, Gpu.handle(deviceNumber)),
                "tell the size of its L2 cache");
        return Math.max(1 << 10, bytes[0]);
    }

    private void report(
            Convolutions convolutions,
            Precision precision,
            int batch,
            double graph,
            double calls,
            Map<String, double[]> times,
            Map<String, Purpose> purposes,
            Ceilings ceilings) {
        double all = times.values().stream().mapToDouble(DeviceTimes::median).sum();
        double libraries = times.entrySet().stream()
                .filter(entry -> entry.getKey().matches("cudnn.*|cublas.*"))
                .mapToDouble(entry -> median(entry.getValue()))
                .sum();
        print(
                "%n### %s, %s%n%nA step takes %.1f us as a graph, %.1f us without (%,.0f and %,.0f "
                        + "images/s). Its parts, each with empty caches, take %.1f us together, %.0f %% of "
                        + "them in cuDNN and cuBLAS.%n%n",
                convolutions,
                precision,
                1e6 * graph,
                1e6 * calls,
                batch / graph,
                batch / calls,
                1e6 * all,
                100 * libraries / all);
        print("| | us (quartiles) | share | GB/s | of the copy | GFLOP/s | of the product "
                + "|%n|---|---|---|---|---|---|---|%n");
        Map<String, Object> parts = new LinkedHashMap<>();
        times.forEach((name, seconds) -> {
            double median = median(seconds);
            Purpose purpose = KernelTable.purpose(purposes, name);
            double bytes = purpose.bytes() / median;
            double flops = 2.0 * purpose.multiplyAdds() / median;
            print(
                    "| `%s` | %.2f (%.2f-%.2f) | %.1f %% | %s | %s | %s | %s |%n",
                    name,
                    1e6 * median,
                    1e6 * quantile(seconds, 0.25),
                    1e6 * quantile(seconds, 0.75),
                    100 * median / all,
                    number(bytes / 1e9),
                    part(bytes, ceilings.bytesPerSecond()),
                    number(flops / 1e9),
                    part(flops, ceilings.flops()));
            parts.put(
                    name, Map.of("seconds", median, "bytes", purpose.bytes(), "multiply_adds", purpose.multiplyAdds()));
        });
        results.put(
                convolutions + " " + precision + " " + batch,
                Map.of("graph_seconds", graph, "calls_seconds", calls, "parts", parts));
    }

    private static String number(double value) {
        return value == 0 ? "-" : String.format(Locale.ROOT, "%,.1f", value);
    }

    private static String part(double value, double of) {
        return value == 0 || of == 0 ? "-" : String.format(Locale.ROOT, "%.0f %%", 100 * value / of);
    }
}
