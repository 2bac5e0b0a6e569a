package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.engine.cuda.batch.BatchKernel;
import daegpu.engine.cuda.cudnn.PlaneKernel;
import daegpu.engine.cuda.driver.Kernel;
import daegpu.engine.cuda.kernels.LayerKernel;
import daegpu.engine.cuda.layers.StepKernel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The PTX that ships belongs to the sources beside it. */
class PtxTest {

    private static final Path COMMITTED = Path.of("java/resources/daegpu/engine/cuda");

    private static final Pattern ENTRY = Pattern.compile("^\\.visible \\.entry (\\w+)\\(", Pattern.MULTILINE);

    @TempDir
    private Path folder;

    static List<String> kernels() throws IOException {
        return all(Path.of("cuda"), ".cu");
    }

    private static Stream<Kernel> launched() {
        return Stream.<Kernel[]>of(
                        BatchKernel.values(), StepKernel.values(), PlaneKernel.values(), LayerKernel.values())
                .flatMap(Stream::of);
    }

    /** Both sets: for sm_75 and later, and in a folder of their own those for sm_80 and later. */
    private static List<String> all(Path in, String ending) throws IOException {
        return Stream.concat(
                        names(in, ending).stream(),
                        names(in.resolve("sm_80"), ending).stream().map(name -> "sm_80/" + name))
                .toList();
    }

    private static List<String> names(Path in, String ending) throws IOException {
        try (Stream<Path> files = Files.list(in)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(ending))
                    .map(name -> name.substring(0, name.length() - ending.length()))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void everySourceHasItsPtxAndEveryKernelIsUsed() throws IOException {
        assertEquals(kernels(), all(COMMITTED, ".ptx"));
        Set<String> entries = new TreeSet<>();
        for (String file : kernels()) {
            ENTRY.matcher(text(COMMITTED, file)).results().forEach(entry -> entries.add(file + " " + entry.group(1)));
        }
        Set<String> used = launched()
                .map(kernel -> kernel.file() + " " + kernel.entry())
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(entries, used);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void isNotStale(String kernel) throws Exception {
        MessageDigest hash = MessageDigest.getInstance("SHA-256");
        hash.update(Files.readAllBytes(Path.of("cuda", kernel + ".cu")));
        for (String header : names(Path.of("include"), ".cuh")) {
            hash.update(Files.readAllBytes(Path.of("include", header + ".cuh")));
        }
        hash.update(Files.readAllBytes(Path.of("cuda/build-ptx")));
        String expected = "// sources sha256:" + HexFormat.of().formatHex(hash.digest());
        assertTrue(
                text(COMMITTED, kernel).contains(expected),
                kernel + ".ptx is older than its sources: run cuda/build-ptx");
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void runsOnOldDevicesWithOldDrivers(String kernel) throws IOException {
        String ptx = text(COMMITTED, kernel);
        assertTrue(
                ptx.contains(
                        kernel.startsWith("sm_80/")
                                ? ".version 7.0\n.target sm_80\n"
                                : ".version 6.3\n.target sm_75\n"),
                kernel);
        assertFalse(ptx.contains(".local"), kernel + " uses local memory");
        assertFalse(ptx.contains("precalc_xorwow"), kernel + " drags cuRAND's tables along");
    }

    /** Where nvcc and cuRAND's headers are; skipped, with the reason, elsewhere. */
    @Test
    void compilesToTheSameAgain() throws Exception {
        assumeTrue(onPath("nvcc"), "there is no nvcc on the PATH, so the PTX was not compiled again");
        assumeTrue(
                toolkitHasCurand() || System.getenv("CURAND_INCLUDE") != null,
                "cuRAND's headers are not beside nvcc and CURAND_INCLUDE does not name them, "
                        + "so the PTX was not compiled again");
        Process version = new ProcessBuilder("nvcc", "--version")
                .redirectErrorStream(true)
                .start();
        String release = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.contains("release"))
                .findFirst()
                .orElse("?");
        assumeTrue(
                text(COMMITTED, "adam").contains(release),
                "the PTX was compiled by another nvcc than this one: " + release);
        Process build = new ProcessBuilder("cuda/build-ptx", folder.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, build.waitFor(), output);
        for (String kernel : kernels()) {
            assertEquals(text(COMMITTED, kernel), text(folder, kernel), kernel);
        }
        String none = "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads";
        assertTrue(output.lines().allMatch(line -> line.contains(none)), output);
        assertEquals(
                Files.readString(Path.of("cuda/REGISTERS"))
                        .lines()
                        .filter(line -> !line.startsWith("#"))
                        .toList(),
                output.lines().toList());
    }

    private static boolean toolkitHasCurand() throws Exception {
        Process dryRun = new ProcessBuilder("nvcc", "-dryrun", "-E", "-x", "cu", "/dev/null")
                .redirectErrorStream(true)
                .start();
        String output = new String(dryRun.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return Stream.of(output.split("[\\s\"]+"))
                .filter(word -> word.startsWith("-I"))
                .map(word -> Path.of(word.substring(2), "curand_kernel.h"))
                .anyMatch(Files::exists);
    }

    private static boolean onPath(String program) {
        return Stream.of(System.getenv("PATH").split(":")).anyMatch(path -> Files.isExecutable(Path.of(path, program)));
    }

    private static String text(Path in, String kernel) throws IOException {
        return Files.readString(in.resolve(kernel + ".ptx"));
    }
}
