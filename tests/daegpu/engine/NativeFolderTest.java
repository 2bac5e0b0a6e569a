package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.ThisJava;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where nothing may be run is known from a folder that this machine has mounted so, and is not tested where it has
 * none; everything else that keeps folders from being used is tested everywhere.
 */
class NativeFolderTest {

    @TempDir
    private Path folder;

    @Test
    void takesTheFirstThatWillDo() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        Path good = folder.resolve("good/inner");
        NativeFolder choice = NativeFolder.choose(List.of(
                Map.entry("the home folder", Optional.empty()),
                Map.entry("another", Optional.of(file.resolve("inner"))),
                Map.entry("a good one", Optional.of(good)),
                Map.entry("a later one", Optional.of(folder.resolve("later")))));
        assertEquals(Optional.of(good), choice.folder());
        assertEquals(2, choice.problems().size(), choice.problems().toString());
        assertEquals("the home folder is missing", choice.problems().get(0));
        assertTrue(choice.problems().get(1).startsWith(file.resolve("inner") + " cannot be written"));
        assertTrue(Files.notExists(folder.resolve("later")));
        try (Stream<Path> left = Files.list(good)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void knowsWhereNothingMayBeRun() throws IOException {
        Optional<Path> mounted = mountedNoexec();
        assumeTrue(mounted.isPresent(), "no folder is mounted noexec here that can be written");
        Path inner = Files.createTempDirectory(mounted.get(), "dae-gpu-test");
        try {
            assertEquals(
                    Optional.of("is on a file system from which nothing can be run (mounted noexec)"),
                    NativeFolder.problem(inner));
            List<String> lines = devices("-Ddaegpu.natives=" + inner);
            String choice = lines.get(lines.size() - 1);
            assertTrue(choice.contains("takes reference"), choice);
            assertTrue(choice.contains(inner + " is on a file system from which nothing can be run"), choice);
            assertTrue(choice.contains("java -Ddaegpu.natives=FOLDER names another"), choice);
            lines = devices("-Duser.home=" + inner, "-Djava.io.tmpdir=" + inner);
            // Whatever other folder was found or not, only one thing is told, and nothing of others' noise.
            assertTrue(
                    lines.stream().noneMatch(line -> line.contains("LWJGL") || line.contains("\tat ")),
                    lines.toString());
        } finally {
            deleteAll(inner);
        }
    }

    /** In a container, a user may have no home, which Java then calls by a question mark. */
    @Test
    void aHomeThatIsNoneIsNotMade() throws IOException {
        assumeTrue(
                Engines.automatic(EngineOptions.fp32(1)).taken() != EngineName.REFERENCE, "there are no natives here");
        List<String> lines = devices("-Duser.home=?", "-Djava.io.tmpdir=" + folder);
        assertTrue(lines.get(lines.size() - 1).contains("takes cpu"), lines.toString());
        assertTrue(Files.notExists(folder.resolve("work/?")));
        assertTrue(Files.exists(folder.resolve(".javacpp-" + System.getProperty("user.name"))), lines.toString());
    }

    @Test
    void aNamedFolderThatCannotBeWrittenIsSaid() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        List<String> lines = devices("-Ddaegpu.natives=" + file);
        String choice = lines.get(lines.size() - 1);
        assertTrue(choice.contains("takes reference"), choice);
        assertTrue(choice.contains(file + " cannot be written"), choice);
    }

    /** What {@code devices} prints, in a process of its own, on both streams. */
    private List<String> devices(String... options) throws IOException {
        List<String> command = ThisJava.command();
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", absolute(System.getProperty("java.class.path")), "daegpu.Main", "devices"));
        Path work = Files.createDirectories(folder.resolve("work"));
        Process process = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }

    private static String absolute(String classPath) {
        return String.join(
                File.pathSeparator,
                Stream.of(classPath.split(File.pathSeparator))
                        .map(entry -> Path.of(entry).toAbsolutePath().toString())
                        .toList());
    }

    private static Optional<Path> mountedNoexec() throws IOException {
        Path mounts = Path.of("/proc/mounts");
        if (!Files.isReadable(mounts)) {
            return Optional.empty();
        }
        return Files.readAllLines(mounts).stream()
                .map(line -> line.split(" ", -1))
                .filter(mount -> mount[2].equals("tmpfs")
                        && List.of(mount[3].split(",", -1)).contains("noexec"))
                .map(mount -> Path.of(mount[1]))
                .filter(path -> Files.isDirectory(path) && Files.isWritable(path))
                .findFirst();
    }

    private static void deleteAll(Path top) throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(top)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.delete(path);
        }
    }
}
