package daegpu.engine.cuda;

import daegpu.engine.EngineUnavailableException;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.cuda.driver.Gpu;
import java.util.List;
import java.util.Objects;

/**
 * Describes what this machine has of CUDA.
 *
 * @param driver the newest version of CUDA that the driver supports, or null if there is none that works
 * @param libraries the libraries that the engine loads
 * @param gpus a line for each GPU that the driver finds
 * @param problem why the GPUs cannot be listed, in one line, or null
 */
public record CudaReport(String driver, List<Library> libraries, List<String> gpus, String problem) {

    /**
     * A library that the engine loads.
     *
     * @param title what it is, in words
     * @param file the name of its file
     * @param where the path of the file that was loaded, or null
     * @param problem why it was not loaded, and how to get it, in one line; null if it was
     */
    public record Library(String title, String file, String where, String problem) {}

    /** Why only native convolutions can be used here, in one line; null if there is no reason. */
    public String missingForLayers() {
        return libraries.stream()
                .skip(1)
                .map(Library::problem)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** Examines this machine: loads the libraries and lists the GPUs. */
    public static CudaReport make() {
        List<Library> libraries = CudaLibraries.tryAll().stream()
                .map(loading -> new Library(
                        loading.library().title(),
                        loading.library().file(),
                        loading.problem() != null
                                ? null
                                : CudaLibraries.loadedFrom(loading.library()).orElse("the system's own place"),
                        loading.problem()))
                .toList();
        boolean hasDriver =
                libraries.get(CudaLibraries.Library.DRIVER.ordinal()).problem() == null;
        String driver = null;
        try {
            driver = hasDriver ? CudaLibraries.describe(CudaLibraries.driverVersion()) : null;
            return new CudaReport(
                    driver, libraries, Gpu.all().stream().map(Gpu::describe).toList(), null);
        } catch (EngineUnavailableException e) {
            return new CudaReport(driver, libraries, List.of(), e.getMessage());
        }
    }
}
