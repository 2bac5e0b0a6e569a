package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.ThisJava;
import daegpu.Training;
import daegpu.data.IdxFile;
import daegpu.data.ImageSet;
import daegpu.train.TrainingListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Runs the program as a user does, in this process or in one of its own, and looks at what it leaves. */
final class Program {

    /** A training of two epochs of ten updates. */
    static final int TRAINING_IMAGES = 40;

    static final int VALIDATION_IMAGES = 12;

    /** What a command left: its exit status and what it printed. */
    record Result(int status, String out, String err) {

        Result assertDone() {
            assertEquals(0, status, err + out);
            assertEquals("", err);
            return this;
        }

        /** One line that holds all of {@code fragments}, and nothing of Java in it. */
        void assertRefused(String... fragments) {
            assertRefusedWith(2, fragments);
        }

        void assertRefusedWith(int expectedStatus, String... fragments) {
            assertEquals(1, err.lines().count(), "not one line: " + err);
            assertEquals(expectedStatus, status, err);
            assertFalse(
                    err.contains("\tat ")
                            || err.contains("Exception")
                            || err.contains("java.")
                            || err.contains("\u001b"),
                    err);
            assertTrue(err.startsWith("dae-gpu"), err);
            for (String fragment : fragments) {
                assertTrue(err.contains(fragment), "\"" + fragment + "\" is not in: " + err);
            }
        }
    }

    private Program() {}

    /** Runs a command in this process. */
    static Result run(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = DaeGpu.run(new PrintWriter(out, true), new PrintWriter(err, true), strings(arguments));
        return new Result(status, out.toString(), err.toString());
    }

    private static String[] strings(Object... arguments) {
        return Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new);
    }

    /** A process that runs a command; small and quick to start. */
    static ProcessBuilder fork(List<String> javaOptions, Object... arguments) {
        List<String> command = ThisJava.command();
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
        command.addAll(javaOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "daegpu.Main"));
        command.addAll(List.of(strings(arguments)));
        ProcessBuilder builder = new ProcessBuilder(command);
        // The JVM would tell on the standard error that it found options there.
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        return builder;
    }

    /** Waits for the end of a process and what it prints until then. */
    static Result finish(Process process) throws IOException, InterruptedException {
        StringBuilder err = new StringBuilder();
        Thread reader = new Thread(() ->
                process.errorReader().lines().forEach(line -> err.append(line).append('\n')));
        reader.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        reader.join();
        return new Result(status, out, err.toString());
    }

    /** Compiles what takes the place of functions of the system, for {@code LD_PRELOAD}. */
    static Path preload(Path folder, String code) throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "the faults are made by a library of Linux");
        Path source = Files.writeString(folder.resolve("faults.c"), code);
        Path library = folder.resolve("faults.so");
        try {
            Process compiler = new ProcessBuilder(
                            "cc", "-shared", "-fPIC", "-o", library.toString(), source.toString(), "-ldl")
                    .inheritIO()
                    .start();
            assertEquals(0, compiler.waitFor());
        } catch (IOException e) {
            assumeTrue(false, "there is no C compiler: " + e.getMessage());
        }
        return library;
    }

    /** A folder of 8×8 images by MNIST's names. */
    static Path writeImages(Path folder) throws IOException {
        Files.createDirectories(folder);
        IdxFile.write(folder.resolve("train-images-idx3-ubyte"), images(TRAINING_IMAGES, 1));
        IdxFile.write(folder.resolve("t10k-images-idx3-ubyte"), images(VALIDATION_IMAGES, 2));
        return folder;
    }

    static ImageSet images(int count, long seed) {
        byte[] pixels = new byte[count * 64];
        new Random(seed).nextBytes(pixels);
        return new ImageSet(8, 8, 1, pixels);
    }

    /** The arguments of a training that takes no time. */
    static List<Object> training(Path data, Path output) {
        return training(data, output, "--filters", "2,4", "--latent-dim", "3");
    }

    /** The same with other options of the images and the network. */
    static List<Object> training(Path data, Path output, Object... options) {
        List<Object> arguments = new ArrayList<>(List.of(
                "train",
                "--data",
                data,
                "--output",
                output,
                "--epochs",
                "2",
                "--batch-size",
                "4",
                "--engine",
                "reference",
                "--threads",
                "1"));
        arguments.addAll(List.of(options));
        return arguments;
    }

    /** Asks a training to stop in the middle of its second epoch, once it has seen some of that epoch's images. */
    static void interruptInTheSecondEpoch(Training training, int images) {
        boolean[] second = new boolean[1];
        training.logEvery(1).listener(new TrainingListener() {
            @Override
            public void epochStarted(int epoch, int epochs, int done, int all) {
                second[0] = epoch == 2;
            }

            @Override
            public void progressed(int done, double loss) {
                if (second[0] && done == images) {
                    training.interrupt();
                }
            }
        });
    }

    /** A trained model: the folder of its run. */
    static Path train(Path data, Path output) {
        run(training(data, output).toArray()).assertDone();
        return output;
    }

    /** Names and content of all that is in a folder. */
    static Map<String, String> content(Path folder) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                // Opening a lock and closing it would give it up: so POSIX wants it.
                content.put(
                        folder.relativize(file).toString(),
                        Files.isDirectory(file) || file.endsWith(".lock")
                                ? "not read"
                                : Arrays.hashCode(Files.readAllBytes(file)) + " of " + Files.size(file) + " bytes");
            }
        }
        return content;
    }

    /**
     * What decides whether two runs are the same: all but the record, the lock, what was killed, and what has times.
     */
    static Map<String, String> result(Path run) throws IOException {
        Map<String, String> content = content(run);
        content.keySet()
                .removeIf(name -> name.equals(".lock")
                        || name.equals("config.json")
                        || name.endsWith(".tmp")
                        || name.equals("report.html")
                        || name.startsWith("tensorboard"));
        content.put(
                "metrics.csv",
                Files.readString(run.resolve("metrics.csv")).replaceAll("(?m)^(\\d+),[^,]*,[^,]*,", "$1,"));
        return content;
    }
}
