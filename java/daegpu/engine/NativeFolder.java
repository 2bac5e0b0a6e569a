package daegpu.engine;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The folder into which native libraries are unpacked from the jar, and from which the system loads them.
 * Administrators mount homes and folders for temporary files so that nothing in them can be run, or loaded; and a
 * service may have no home at all. So it is tried out before JavaCPP, LWJGL and JCuda are told of it, which choose
 * folders of their own and do not try them, or tell of it on the terminal.
 */
public final class NativeFolder {

    private static final String JAVACPP = "org.bytedeco.javacpp.cachedir";
    private static final String LWJGL = "org.lwjgl.system.SharedLibraryExtractPath";
    private static final String LWJGL_MESSAGES = "org.lwjgl.util.DebugStream";
    private static final String TEMPORARY = "java.io.tmpdir";

    private static NativeFolder chosen;

    private final Path folder;
    private final List<String> problems;

    private NativeFolder(Path folder, List<String> problems) {
        this.folder = folder;
        this.problems = List.copyOf(problems);
    }

    /** Where LWJGL's messages go: nowhere. Its exceptions say the same. */
    public static final class Silence implements Supplier<PrintStream> {

        @Override
        public PrintStream get() {
            return new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        }
    }

    /**
     * Chooses a folder, once, and tells JavaCPP and LWJGL of it, whose classes must not have been used before.
     *
     * @throws EngineUnavailableException if there is none; the message says what is wrong with each that was tried
     */
    public static Path prepare() {
        NativeFolder choice = choice();
        if (choice.folder == null) {
            throw new EngineUnavailableException("there is no folder from which native libraries can be loaded: "
                    + String.join("; ", choice.problems) + "; java -D" + Configuration.NATIVES.property()
                    + "=FOLDER names another");
        }
        return choice.folder;
    }

    private static synchronized NativeFolder choice() {
        if (chosen == null) {
            Configuration.setDefault(LWJGL_MESSAGES, Silence.class.getName());
            chosen = choose(candidates());
            if (chosen.folder != null) {
                System.setProperty(JAVACPP, chosen.folder.toString());
                // Else it takes one of its own in the folder for temporary files.
                if (temporaryFolderIsNoGood()) {
                    Configuration.setDefault(
                            LWJGL, chosen.folder.resolve("lwjgl").toString());
                }
            }
        }
        return chosen;
    }

    /**
     * Runs what unpacks native libraries into the folder for temporary files, as JCuda does: into another where nothing
     * can be loaded from that.
     *
     * @throws E if {@code action} throws it
     * @throws EngineUnavailableException if there is no folder
     */
    public static synchronized <E extends Exception> void withTemporaryFolder(Action<E> action) throws E {
        if (!temporaryFolderIsNoGood()) {
            action.run();
            return;
        }
        String before = System.getProperty(TEMPORARY);
        System.setProperty(TEMPORARY, prepare().toString());
        try {
            action.run();
        } finally {
            System.setProperty(TEMPORARY, before);
        }
    }

    /** What is run with another folder for temporary files. */
    public interface Action<E extends Exception> {
        void run() throws E;
    }

    private static boolean temporaryFolderIsNoGood() {
        return path(System.getProperty(TEMPORARY))
                .flatMap(NativeFolder::problem)
                .isPresent();
    }

    /** The folders to try, by what they are. JavaCPP would take the first two, in this order. */
    private static List<Map.Entry<String, Optional<Path>>> candidates() {
        String named = Configuration.NATIVES
                .value()
                .orElse(System.getProperty(JAVACPP, System.getProperty("org.bytedeco.javacpp.cacheDir")));
        if (named != null) {
            return List.of(
                    Map.entry("the named folder", Optional.of(Path.of(named).toAbsolutePath())));
        }
        String user = ".javacpp-" + System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9_.@-]", "_");
        List<Map.Entry<String, Optional<Path>>> candidates = new ArrayList<>();
        candidates.add(Map.entry(
                "the home folder",
                path(System.getProperty("user.home")).filter(Files::isDirectory).map(home -> home.resolve(".javacpp")
                        .resolve("cache"))));
        for (String temporary : List.of(System.getProperty(TEMPORARY, ""), "/var/tmp")) {
            candidates.add(Map.entry(
                    "a folder for temporary files",
                    path(temporary).filter(Files::isDirectory).map(folder -> folder.resolve(user)
                            .resolve("cache"))));
        }
        return candidates;
    }

    /** What a property says, if it is a whole path: what is none, such as {@code ?}, would be made in any folder. */
    private static Optional<Path> path(String text) {
        try {
            return Optional.ofNullable(text)
                    .filter(name -> !name.isBlank())
                    .map(Path::of)
                    .filter(Path::isAbsolute);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /**
     * Chooses the first from which libraries can be loaded.
     *
     * @param candidates what each is, and where, if there is one
     */
    static NativeFolder choose(List<Map.Entry<String, Optional<Path>>> candidates) {
        List<String> problems = new ArrayList<>();
        for (Map.Entry<String, Optional<Path>> candidate : candidates) {
            Optional<Path> folder = candidate.getValue();
            if (folder.isEmpty()) {
                problems.add(candidate.getKey() + " is missing");
                continue;
            }
            Optional<String> problem = problem(folder.get());
            if (problem.isEmpty()) {
                return new NativeFolder(folder.get(), problems);
            }
            problems.add(folder.get() + " " + problem.get());
        }
        return new NativeFolder(null, problems);
    }

    /** The folder; empty if none will do. */
    Optional<Path> folder() {
        return Optional.ofNullable(folder);
    }

    /** What is wrong with those before it, or with all. */
    List<String> problems() {
        return problems;
    }

    /**
     * Why no library can be loaded from a folder, which is made if it is not there; empty if nothing speaks against it.
     * The system says of a file that may be run whether it can be where it lies: mostly this, and not that it is the
     * right system for it, is what keeps a library from being loaded.
     */
    static Optional<String> problem(Path folder) {
        Path probe = null;
        try {
            Files.createDirectories(folder);
            probe = Files.createTempFile(folder, "probe", null);
            UserPrincipal owner = Files.getOwner(folder);
            if (!owner.equals(Files.getOwner(probe)) && !owner.getName().equals("root")) {
                return Optional.of("belongs to another user");
            }
            boolean marked = probe.toFile().setExecutable(true);
            return marked && Files.isExecutable(probe)
                    ? Optional.empty()
                    : Optional.of("is on a file system from which nothing can be run (mounted noexec)");
        } catch (FileSystemException e) {
            return Optional.of("cannot be written" + (e.getReason() == null ? "" : ": " + e.getReason()));
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.of("cannot be written: " + e.getMessage());
        } finally {
            delete(probe);
        }
    }

    private static void delete(Path probe) {
        try {
            if (probe != null) {
                Files.deleteIfExists(probe);
            }
        } catch (IOException e) {
            probe.toFile().deleteOnExit();
        }
    }

    /** In one line, why a library was not loaded: the first cause, which the system gave. */
    public static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage()).strip().lines().findFirst().orElse("unknown reason");
    }
}
