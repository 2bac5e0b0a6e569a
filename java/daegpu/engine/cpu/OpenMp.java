package daegpu.engine.cpu;

import java.io.File;
import java.util.List;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.lwjgl.system.APIUtil;
import org.lwjgl.system.JNI;

/**
 * The OpenMP runtime that oneDNN was built with. Its number of threads is a property of the calling thread. The engine
 * divides a batch among threads of its own, and so tells OpenMP on each of them not to start others.
 */
final class OpenMp {

    /**
     * The runtimes of GNU, Intel, LLVM and Microsoft. The last one lies elsewhere, and is found by its name once it is
     * loaded.
     */
    private static final List<String> LIBRARIES = List.of("libgomp.so.1", "libiomp5.so", "libomp.so", "vcomp140.dll");

    private static final long SET_NUM_THREADS = find("omp_set_num_threads");

    private OpenMp() {}

    /**
     * Whether {@link #useOneThread} works. Without it, oneDNN starts as many threads as there are processors for every
     * thread that calls it.
     */
    static boolean isFound() {
        return SET_NUM_THREADS != 0;
    }

    /**
     * Makes primitives that the calling thread creates and runs from now on use this thread only. Does nothing if the
     * runtime is not found ({@link #isFound}).
     */
    static void useOneThread() {
        if (isFound()) {
            JNI.invokeV(1, SET_NUM_THREADS);
        }
    }

    /** The address of a function of the runtime that oneDNN has loaded; 0 if it is not found. */
    private static long find(String function) {
        // JavaCPP unpacked oneDNN and what it needs into one folder, and has loaded them from there: this finds the
        // same copy.
        File folder = new File(Loader.load(dnnl.class)).getParentFile();
        for (String name : LIBRARIES) {
            File file = new File(folder, name);
            if (file.exists() || name.endsWith(".dll") && Loader.getPlatform().startsWith("windows")) {
                try {
                    return APIUtil.apiCreateLibrary(file.exists() ? file.getAbsolutePath() : name)
                            .getFunctionAddress(function);
                } catch (LinkageError e) {
                    return 0; // LWJGL's own library, which makes the call, does not exist for this platform
                }
            }
        }
        return 0;
    }
}
