package daegpu.engine.cpu;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.lwjgl.system.APIUtil;
import org.lwjgl.system.JNI;
import org.lwjgl.system.SharedLibrary;
import java.io.File;
import java.util.List;

/**
 * The OpenMP runtime that oneDNN was built with. Its number of threads belongs to the calling thread; the engine cuts a batch
 * among threads of its own, and so tells OpenMP on each of them to start no others.
 */
final class OpenMp {

    private static final List<String> LIBRARIES = List.of("libgomp.so.1", "libiomp5.so", "libomp.so");
    private static final long SET_NUM_THREADS = find("omp_set_num_threads");

    private OpenMp() {
    }

    /** Whether {@link #useOneThread} works: it needs the runtime's library beside oneDNN's. */
    static boolean isFound() {
        return SET_NUM_THREADS != 0;
    }

    /** From now on, primitives that the calling thread makes and runs use this thread alone. */
    static void useOneThread() {
        JNI.invokeV(1, SET_NUM_THREADS);
    }

    /** The address of a function in the library that lies beside oneDNN's own, 0 if there is none. */
    private static long find(String function) {
        // JavaCPP unpacked oneDNN and what it needs into one folder, and has loaded them from there: this finds the same copy.
        File folder = new File(Loader.load(dnnl.class)).getParentFile();
        for (String name : LIBRARIES) {
            File file = new File(folder, name);
            if (file.exists()) {
                SharedLibrary library = APIUtil.apiCreateLibrary(file.getAbsolutePath());
                return library.getFunctionAddress(function);
            }
        }
        return 0;
    }
}
