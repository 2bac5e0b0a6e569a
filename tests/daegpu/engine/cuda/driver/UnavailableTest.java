package daegpu.engine.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.ThisJava;
import daegpu.engine.Configuration;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One clear line for everything that can be missing. */
class UnavailableTest {

    @TempDir
    private Path folder;

    @Test
    void driverTooOld() {
        assertLine(
                "the NVIDIA driver is too old: it is for CUDA 11.8, and CUDA 12.0 is needed: "
                        + "install NVIDIA's driver, 525 or later",
                () -> CudaLibraries.requireDriver(11080));
        assertDoesNotThrow(() -> CudaLibraries.requireDriver(12000));
    }

    @Test
    void deviceTooOld() {
        assertLine(
                "the cuda engine needs compute capability 7.5 (Turing) or later, and Tesla V100 has 7.0",
                () -> new Gpu(0, "Tesla V100", 7, 0, 1L << 34).require(Precision.FP32));
        assertLine(
                "tf32 needs compute capability 8.0 (Ampere) or later, and Tesla T4 has 7.5",
                () -> new Gpu(0, "Tesla T4", 7, 5, 1L << 34).require(Precision.TF32));
        assertLine(
                "bf16 needs compute capability 8.0 (Ampere) or later, and Tesla T4 has 7.5",
                () -> new Gpu(0, "Tesla T4", 7, 5, 1L << 34).require(Precision.BF16));
        assertDoesNotThrow(() -> new Gpu(0, "Tesla T4", 7, 5, 1L << 34).require(Precision.FP32));
        assertDoesNotThrow(() -> new Gpu(0, "A100", 8, 0, 1L << 34).require(Precision.TF32));
    }

    private static void assertLine(String line, Executable action) {
        assertEquals(
                line, assertThrows(EngineUnavailableException.class, action).getMessage());
    }

    /** A folder that has the libraries before the missing one, and a machine that has none elsewhere. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DRIVER|no NVIDIA driver (libcuda.so.1): install NVIDIA's driver, 525 or later, "
                        + "or name its folder with -Ddaegpu.cuda.libraries=DIR",
                "CUBLAS|no cuBLAS 12 (libcublas.so.12): install it from NVIDIA's CUDA 12 repository "
                        + "(package libcublas-12-6), or name its folder with -Ddaegpu.cuda.libraries=DIR",
                "CUDNN|no cuDNN 9 (libcudnn.so.9): install it from NVIDIA's repository (package cudnn9-cuda-12), "
                        + "or name its folder with -Ddaegpu.cuda.libraries=DIR"
            })
    void libraryMissing(CudaLibraries.Library missing, String line) throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "libraries are looked for in Linux's places here");
        assumeTrue(!hasOwnCuda(), "this machine has libraries of its own that would be found");
        for (CudaLibraries.Library library : CudaLibraries.Library.values()) {
            if (library.ordinal() < missing.ordinal()) {
                Path emulated = Path.of("target/emulator", library.file()).toAbsolutePath();
                assumeTrue(Files.exists(emulated), "there is no emulated device");
                Files.copy(emulated, folder.resolve(library.file()));
            }
        }
        boolean driverIsThere = missing != CudaLibraries.Library.DRIVER;
        String output = run("parity", "tests/golden/tiny.safetensors", "--engine", "cuda", "--convolutions", "cudnn");
        assertEquals("dae-gpu parity: " + line + (driverIsThere ? "; use --convolutions native" : ""), output.strip());
        String without = run("parity", "tests/golden/tiny.safetensors", "--engine", "cuda");
        assertTrue(
                driverIsThere
                        ? without.contains("PASS") && without.contains("native convolutions")
                        : without.strip().equals("dae-gpu parity: " + line),
                without);
        String automatic = run("parity", "tests/golden/tiny.safetensors", "--engine", "reference");
        assertTrue(automatic.contains("PASS"), automatic);
        String devices = run("devices");
        assertTrue(
                devices.contains(
                        driverIsThere
                                ? "--engine auto takes cuda: the fastest engine that runs here\n"
                                        + "--convolutions auto takes native: "
                                        + line
                                : "--engine auto takes cpu: the fastest engine that runs here; cuda does not: " + line),
                devices);
        assertTrue(devices.contains("  " + missing.title() + ": " + line), devices);
    }

    /**
     * A library that is called as the driver is, has its functions, and fails in one of them: the stub of the toolkit,
     * a driver that is older than the program or does not fit the kernel's module, a GPU that fell off the bus.
     *
     * @param failing the function that returns the status; those before it succeed
     */
    @ParameterizedTest
    @CsvSource({
        "cuDriverGetVersion,34",
        "cuDriverGetVersion,35",
        "cuDriverGetVersion,804",
        "cuDriverGetVersion,12345",
        "version,0",
        "cuInit,100",
        "cuDeviceGetCount,3",
        "cuDeviceGet,101",
        "cuDeviceGetName,999",
        "cuDeviceTotalMem_v2,46",
        "cuDeviceGetAttribute,1"
    })
    void driverThatDoesNotWork(String failing, int status) throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "the stub is built as a library of Linux");
        buildStub(failing, status);
        String devices = run("devices");
        assertTrue(
                devices.contains("--engine auto takes cpu: the fastest engine that runs here; cuda does not: "),
                devices);
        assertTrue(!devices.contains("Exception") && !devices.contains("fault of the program"), devices);
    }

    @Test
    void driverThatDoesNotWorkIsNamedWhereItIsAskedFor() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "the stub is built as a library of Linux");
        buildStub("cuDriverGetVersion", 34);
        String asked = run("parity", "tests/golden/tiny.safetensors", "--engine", "cuda");
        assertEquals(
                "dae-gpu parity: the NVIDIA driver could not tell its version: CUDA_ERROR_STUB_LIBRARY: what was loaded"
                        + " is the stub that programs are linked with; install NVIDIA's driver, 525 or later;"
                        + " use --engine cpu",
                asked.strip());
        String automatic = run("parity", "tests/golden/tiny.safetensors");
        assertTrue(automatic.contains("PASS"), automatic);
    }

    /** Before anything is computed, but after the GPU was chosen: no other engine is taken in its place unasked. */
    @ParameterizedTest
    @ValueSource(ints = {46, 2})
    void deviceThatCannotBeOpened(int status) throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "the stub is built as a library of Linux");
        buildStub("cuDevicePrimaryCtxRetain", status);
        String output = run("parity", "tests/golden/tiny.safetensors");
        assertEquals(1, output.lines().count(), output);
        assertTrue(output.strip().endsWith("use --engine cpu"), output);
    }

    private void buildStub(String failing, int status) throws IOException, InterruptedException {
        StringBuilder code = new StringBuilder("#include <stddef.h>\n");
        for (String function : List.of(
                "cuDriverGetVersion(int *value)|12060",
                "cuInit(int flags)|",
                "cuDeviceGetCount(int *value)|1",
                "cuDeviceGet(int *value, int number)|0",
                "cuDeviceGetName(char *value, int length, int device)|'G'",
                "cuDeviceTotalMem_v2(size_t *value, int device)|1 << 30",
                "cuDeviceGetAttribute(int *value, int which, int device)|9",
                "cuDevicePrimaryCtxRetain(void **value, int device)|0",
                "cuDevicePrimaryCtxRelease_v2(int device)|",
                "cuMemGetInfo_v2(size_t *value, size_t *total)|1",
                "cuGetErrorString(int error, const char **value)|0")) {
            String[] parts = function.split("\\|", -1);
            boolean fails = parts[0].startsWith(failing + "(");
            boolean isVersion = failing.equals("version") && parts[0].startsWith("cuDriverGetVersion");
            code.append("int " + parts[0] + " {");
            if (!parts[1].isEmpty()) {
                code.append(" *value = " + (isVersion ? status : parts[1]) + ";");
            }
            code.append(" return " + (fails ? status : 0) + "; }\n");
        }
        Path source = Files.writeString(folder.resolve("stub.c"), code);
        try {
            Process compiler = new ProcessBuilder(
                            "cc",
                            "-shared",
                            "-fPIC",
                            "-Wl,-soname,libcuda.so.1",
                            "-o",
                            folder.resolve("libcuda.so.1").toString(),
                            source.toString())
                    .inheritIO()
                    .start();
            assertEquals(0, compiler.waitFor());
        } catch (IOException e) {
            assumeTrue(false, "there is no C compiler: " + e.getMessage());
        }
    }

    /** The whole job by the ordinary command; the other libraries are not even looked at in what it computes. */
    @Test
    void trainsWithTheDriverAlone() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "libraries are looked for in Linux's places here");
        assumeTrue(!hasOwnCuda(), "this machine has libraries of its own that would be found");
        Path driver =
                Path.of("target/emulator", CudaLibraries.Library.DRIVER.file()).toAbsolutePath();
        assumeTrue(Files.exists(driver), "there is no emulated device");
        Files.copy(driver, folder.resolve(driver.getFileName()));
        for (String engine : List.of("cuda", "cpu")) {
            String output = run(
                    "train",
                    "--engine",
                    engine,
                    "--limit",
                    "256",
                    "--validation-limit",
                    "32",
                    "--epochs",
                    "1",
                    "--output",
                    folder.resolve(engine).toString());
            assertTrue(output.contains("Trained 1 epoch"), output);
            assertEquals(engine.equals("cuda"), output.contains("convolutions native: no cuBLAS 12"), output);
        }
        String config = Files.readString(folder.resolve("cuda/config.json"));
        assertTrue(config.contains("\"convolutions\" : \"native\""), config);
        double[] own = lastMetrics("cuda");
        double[] cpu = lastMetrics("cpu");
        for (int i = 3; i < cpu.length; i++) {
            assertEquals(cpu[i], own[i], 0.01 * Math.abs(cpu[i]), "column " + i);
        }
    }

    private double[] lastMetrics(String run) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve(run).resolve("metrics.csv"));
        return List.of(lines.get(lines.size() - 1).split(",")).stream()
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    private static boolean hasOwnCuda() {
        return List.of(
                        "/usr/lib/x86_64-linux-gnu",
                        "/usr/lib64",
                        "/usr/lib/wsl/lib",
                        "/usr/local/cuda/lib64",
                        "/usr/local/cuda-12/lib64")
                .stream()
                .anyMatch(place -> Files.exists(Path.of(place, "libcuda.so.1"))
                        || Files.exists(Path.of(place, "libcublas.so.12"))
                        || Files.exists(Path.of(place, "libcudnn.so.9")));
    }

    private String run(String... arguments) throws IOException, InterruptedException {
        List<String> command = ThisJava.command();
        command.addAll(List.of(
                "-D" + Configuration.CUDA_LIBRARIES.property() + "=" + folder,
                "-cp",
                System.getProperty("java.class.path"),
                "daegpu.Main"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
