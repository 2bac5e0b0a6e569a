package daegpu.engine.cpu;

import daegpu.data.Remedy;
import daegpu.engine.Configuration;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.NativeFolder;
import java.util.stream.Stream;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;

/**
 * Loads oneDNN and opens its engine for the processor. Calls go to its C interface; {@link #check} checks their status.
 */
final class OneDnn {

    private static boolean loaded;

    private OneDnn() {}

    /**
     * Loads the native libraries, once.
     *
     * @throws EngineUnavailableException if there are none for this platform, or if they cannot be loaded
     */
    static synchronized void load() {
        if (loaded) {
            return;
        }
        // JavaCPP would refuse allocations, and run the garbage collector, once the process is larger than twice the
        // Java heap.
        // All native objects here have an owner that frees them, so neither this nor its reference queue is needed.
        Configuration.setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        Configuration.setDefault("org.bytedeco.javacpp.nopointergc", "true");
        // It would warn on standard error that its OpenCL, which is not used, is from an older release (see pom.xml).
        Configuration.setDefault("org.bytedeco.javacpp.logger", "slf4j");
        if (!isInJar()) {
            throw new EngineUnavailableException(
                    "the cpu engine needs oneDNN, and this jar holds none for " + Loader.getPlatform(),
                    Remedy.REFERENCE_ENGINE);
        }
        try {
            NativeFolder.prepare();
            Loader.load(dnnl.class);
        } catch (EngineUnavailableException e) {
            throw new EngineUnavailableException(
                    "the cpu engine needs oneDNN, and " + e.getMessage(), e, Remedy.REFERENCE_ENGINE);
        } catch (LinkageError e) {
            throw new EngineUnavailableException(
                    "the cpu engine needs oneDNN, which does not load here: " + NativeFolder.reason(e),
                    e,
                    Remedy.REFERENCE_ENGINE);
        }
        loaded = true;
    }

    /**
     * Whether the library for this platform is in the class path; which folder it is unpacked into has no part in it.
     */
    private static boolean isInJar() {
        String platform = Loader.getPlatform();
        return Stream.of("libjnidnnl.so", "jnidnnl.dll", "libjnidnnl.dylib")
                .anyMatch(name -> OneDnn.class.getResource("/org/bytedeco/dnnl/" + platform + "/" + name) != null);
    }

    /** The processor, as oneDNN sees it; owned by {@code scope}. */
    static dnnl_engine openEngine(NativeScope scope) {
        dnnl_engine engine = new dnnl_engine();
        check(dnnl.dnnl_engine_create(engine, dnnl.dnnl_cpu, 0), "open the processor");
        return scope.own(engine, dnnl::dnnl_engine_destroy);
    }

    /** A stream in which one thread runs primitives one after the other; owned by {@code scope}. */
    static dnnl_stream openStream(dnnl_engine engine, NativeScope scope) {
        dnnl_stream stream = new dnnl_stream();
        check(dnnl.dnnl_stream_create(stream, engine, dnnl.dnnl_stream_default_flags), "open a stream");
        return scope.own(stream, dnnl::dnnl_stream_destroy);
    }

    /** Number of floats in the widest vector register that oneDNN uses on this processor. */
    static int vectorFloats() {
        return has(dnnl.dnnl_cpu_isa_avx512_core) ? 16 : 8;
    }

    /**
     * Whether the processor itself multiplies bf16 numbers, with AVX-512 bf16 or AMX (every processor with AMX has
     * AVX-512 bf16 as well). On a processor with AVX-512 but without bf16, oneDNN computes with bf16 numbers by other
     * instructions; {@link Configuration#CPU_EMULATED_BF16} makes this method return true there, for tests. This was
     * run with AVX-512 bf16 (Zen 5) and with emulated bf16, but never yet with AMX, for which oneDNN chooses other
     * code: neither its results nor its times are known.
     */
    static boolean hasBf16() {
        return has(dnnl.dnnl_cpu_isa_avx512_core_bf16)
                || Configuration.CPU_EMULATED_BF16.isTrue() && has(dnnl.dnnl_cpu_isa_avx512_core);
    }

    /** Whether bf16 products are computed by AMX, tile by tile. */
    static boolean hasAmx() {
        return has(dnnl.dnnl_cpu_isa_avx512_core_amx);
    }

    private static boolean has(int instructions) {
        return (dnnl.dnnl_get_effective_cpu_isa() & instructions) == instructions;
    }

    /** The library's version, such as {@code 3.13.0}. */
    static String version() {
        dnnl_version_t version = dnnl.dnnl_version();
        return version.major() + "." + version.minor() + "." + version.patch();
    }

    /** @throws IllegalStateException if {@code status} is not success */
    static void check(int status, String action) {
        if (status != dnnl.dnnl_success) {
            throw new IllegalStateException("oneDNN could not " + action + " (status " + status + ")");
        }
    }
}
