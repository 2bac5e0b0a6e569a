package daegpu.engine.cuda.driver;

import daegpu.data.Remedy;
import daegpu.engine.Configuration;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.NativeFolder;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;

/**
 * Loads NVIDIA's driver, cuBLAS and cuDNN, and JCuda's bindings to them. They are taken from the folder that the system
 * property {@code daegpu.cuda.libraries} names, else from the folders where toolkits install them, else from where the
 * system's loader finds them.
 */
public final class CudaLibraries {

    /** A library that the engine needs, and what a user does to get it. */
    public enum Library {
        DRIVER("NVIDIA driver", "libcuda.so.1", "nvcuda.dll", "install NVIDIA's driver, 525 or later"),
        CUBLAS(
                "cuBLAS 12",
                "libcublas.so.12",
                "cublas64_12.dll",
                "install it from NVIDIA's CUDA 12 repository (package libcublas-12-6)"),
        CUDNN(
                "cuDNN 9",
                "libcudnn.so.9",
                "cudnn64_9.dll",
                "install it from NVIDIA's repository (package cudnn9-cuda-12)");

        private final String title;
        private final String linuxFile;
        private final String windowsFile;
        private final String remedy;

        Library(String title, String linuxFile, String windowsFile, String remedy) {
            this.title = title;
            this.linuxFile = linuxFile;
            this.windowsFile = windowsFile;
            this.remedy = remedy;
        }

        /** The name of its file on this system. */
        public String file() {
            return onWindows() ? windowsFile : linuxFile;
        }

        /** What it is, in words. */
        public String title() {
            return title;
        }

        /** How to get it. */
        public String remedy() {
            return remedy;
        }

        private void bind() {
            switch (this) {
                case DRIVER -> JCudaDriver.setExceptionsEnabled(false);
                case CUBLAS -> JCublas2.setExceptionsEnabled(false);
                case CUDNN -> JCudnn.setExceptionsEnabled(false);
                default -> throw new AssertionError(this);
            }
        }
    }

    /**
     * Whether a library was loaded.
     *
     * @param library the library
     * @param problem why it was not, in one line; null if it was
     */
    public record Loading(Library library, String problem) {}

    /** The oldest version of the driver interface with which cuBLAS 12 runs. */
    private static final int OLDEST_DRIVER = 12000;

    private static final String PCI_NVIDIA = "0x10de";
    /** The class of GPUs; NVIDIA has made other devices, too. */
    private static final String PCI_DISPLAY = "0x03";

    /** For each library that was tried, why it was not loaded; empty if it was. */
    private static final Map<Library, Optional<String>> PROBLEMS = new EnumMap<>(Library.class);

    private CudaLibraries() {}

    /**
     * Loads the driver, once, and no other library.
     *
     * @throws EngineUnavailableException if it is missing or too old
     */
    public static void load() {
        String problem = tryOnce(Library.DRIVER);
        if (problem != null) {
            throw new EngineUnavailableException(problem);
        }
        requireDriver(driverVersion());
    }

    /**
     * Loads the driver, cuBLAS and cuDNN.
     *
     * @throws EngineUnavailableException if one is missing
     */
    public static void loadForLayers() {
        missingForLayers().ifPresent(problem -> {
            throw new EngineUnavailableException(problem, Remedy.NATIVE_CONVOLUTIONS);
        });
    }

    /** Why cuBLAS and cuDNN cannot be used here, in one line; tries to load them. */
    public static Optional<String> missingForLayers() {
        return Stream.of(Library.CUBLAS, Library.CUDNN)
                .map(CudaLibraries::tryOnce)
                .filter(Objects::nonNull)
                .findFirst();
    }

    /**
     * @throws EngineUnavailableException if a driver of this version (as {@code cuDriverGetVersion} returns it) is too
     *     old
     */
    static void requireDriver(int version) {
        if (version < OLDEST_DRIVER) {
            throw new EngineUnavailableException("the NVIDIA driver is too old: it is for CUDA " + describe(version)
                    + ", and CUDA " + describe(OLDEST_DRIVER) + " is needed: " + Library.DRIVER.remedy());
        }
    }

    /** A version as people write it: 12.6 for 12060. */
    public static String describe(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    /**
     * The driver's version, as {@code cuDriverGetVersion} returns it. The driver must have been loaded.
     *
     * @throws EngineUnavailableException if the loaded library does not return it, because it is a stub or is not for
     *     this machine
     */
    public static int driverVersion() {
        int[] version = new int[1];
        CudaStatus.checkUsable(JCudaDriver.cuDriverGetVersion(version), "tell its version");
        return version[0];
    }

    /** Loads all libraries, each once, and returns for each whether that worked. */
    public static List<Loading> tryAll() {
        return Stream.of(Library.values())
                .map(library -> new Loading(library, tryOnce(library)))
                .toList();
    }

    private static synchronized String tryOnce(Library library) {
        return PROBLEMS.computeIfAbsent(library, key -> Optional.ofNullable(tryToLoad(key)))
                .orElse(null);
    }

    private static String tryToLoad(Library library) {
        Optional<Path> file = find(library);
        try {
            if (file.isPresent()) {
                System.load(file.get().toAbsolutePath().toString());
            }
            bindAlone(library);
            return null;
        } catch (IOException | LinkageError e) {
            return explain(library, file, e);
        } catch (EngineUnavailableException e) {
            return "the cuda engine needs JCuda's natives, and " + e.getMessage();
        }
    }

    /**
     * JCuda unpacks its native libraries under fixed names into the folder for temporary files. A lock keeps two
     * programs from doing so at the same time.
     */
    @SuppressWarnings("try") // the lock is there to be held
    private static void bindAlone(Library library) throws IOException {
        Path file = Path.of(
                System.getProperty("java.io.tmpdir"), "dae-gpu-jcuda-" + System.getProperty("user.name") + ".lock");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            NativeFolder.withTemporaryFolder(library::bind);
        }
    }

    private static String explain(Library library, Optional<Path> file, Throwable e) {
        String message = String.valueOf(e.getMessage());
        if (!message.contains("JCud") && !message.contains("JCublas") && file.isPresent()) {
            return "the cuda engine cannot load " + file.get() + ": " + firstLine(message);
        }
        if (message.contains(library.file()) || !onWindows() && message.contains("cannot open shared object file")) {
            return "no " + library.title() + " (" + library.file() + "): " + library.remedy()
                    + ", or name its folder with -D" + Configuration.CUDA_LIBRARIES.property() + "=DIR";
        }
        if (message.contains("was not found inside JAR") || message.contains("No resource found")) {
            return "this jar was built without JCuda's natives for " + System.getProperty("os.name") + " on "
                    + System.getProperty("os.arch")
                    + ": it must be built there";
        }
        return "the cuda engine cannot load JCuda's binding to " + library.title() + ": " + firstLine(message);
    }

    private static String firstLine(String message) {
        return message.strip().lines().findFirst().orElse("unknown reason");
    }

    /**
     * The path of a library, if it is in one of the folders where installers put it. Otherwise the system's loader may
     * still find one.
     */
    private static Optional<Path> find(Library library) {
        return folders()
                .map(folder -> folder.resolve(library.file()))
                .filter(Files::isRegularFile)
                .findFirst();
    }

    /**
     * Whether there seems to be a GPU or a driver of NVIDIA's, or somebody has said where one is: then it matters why
     * the engine does not run, and not on any other computer.
     */
    public static boolean areExpected() {
        return Configuration.CUDA_LIBRARIES.value().isPresent()
                || tryOnce(Library.DRIVER) == null
                || find(Library.DRIVER).isPresent()
                || isNvidiaAt(
                        FileSystems.getDefault().getRootDirectories().iterator().next());
    }

    /** @param root the folder in which Linux's {@code dev}, {@code proc} and {@code sys} are */
    static boolean isNvidiaAt(Path root) {
        if (Files.exists(root.resolve("proc/driver/nvidia")) || Files.exists(root.resolve("dev/nvidiactl"))) {
            return true;
        }
        try (Stream<Path> devices = Files.list(root.resolve("sys/bus/pci/devices"))) {
            return devices.anyMatch(
                    device -> says(device.resolve("vendor"), PCI_NVIDIA) && says(device.resolve("class"), PCI_DISPLAY));
        } catch (IOException e) {
            return false; // another system, or a container that does not show them
        }
    }

    private static boolean says(Path file, String start) {
        try {
            return Files.readString(file).startsWith(start);
        } catch (IOException e) {
            return false;
        }
    }

    private static Stream<Path> folders() {
        List<String> folders = new ArrayList<>();
        Configuration.CUDA_LIBRARIES.value().ifPresent(folders::add);
        String loaderPath = System.getenv(onWindows() ? "PATH" : "LD_LIBRARY_PATH");
        if (loaderPath != null) {
            Stream.of(loaderPath.split(File.pathSeparator))
                    .filter(folder -> !folder.isBlank())
                    .forEach(folders::add);
        }
        addIfSet(folders, System.getenv("CUDA_PATH"), onWindows() ? "bin" : "lib64");
        addIfSet(folders, System.getenv("CUDA_HOME"), "lib64");
        if (!onWindows()) {
            folders.addAll(List.of(
                    "/usr/lib/x86_64-linux-gnu",
                    "/usr/lib64",
                    "/usr/lib/wsl/lib",
                    "/usr/local/cuda-12/lib64",
                    "/usr/local/cuda/lib64"));
        }
        return folders.stream().map(Path::of);
    }

    private static void addIfSet(List<String> folders, String folder, String inside) {
        if (folder != null && !folder.isBlank()) {
            folders.add(Path.of(folder, inside).toString());
        }
    }

    /** The file from which a library was loaded, as the system reports it; empty if it does not. */
    public static Optional<String> loadedFrom(Library library) {
        Path maps = Path.of("/proc/self/maps");
        if (!Files.isReadable(maps)) {
            return find(library).map(Path::toString);
        }
        String stem = library.file().replaceFirst("\\.so\\..*", ".so");
        try (Stream<String> lines = Files.lines(maps)) {
            return lines.map(line -> line.replaceFirst("^[^/]*", ""))
                    .filter(file -> file.contains("/" + stem))
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static boolean onWindows() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    }
}
