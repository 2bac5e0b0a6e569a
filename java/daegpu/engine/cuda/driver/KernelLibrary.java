package daegpu.engine.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** The kernels as the driver compiled them for one device. */
public final class KernelLibrary {

    /** Threads in a block of every kernel: {@code SUM_THREADS} in include/block_sum.cuh. */
    public static final int THREADS = 128;

    /** Where {@code cuda/build-ptx} leaves the PTX. */
    private static final String FOLDER = "/daegpu/engine/cuda/";

    private final Device device;
    private final DeviceScope owner;
    private final Map<String, CUmodule> modules = new HashMap<>();
    private final Map<Kernel, CUfunction> functions = new HashMap<>();

    /** Each is loaded when it is first asked for, and {@code owner} unloads it: nobody needs all of them. */
    public KernelLibrary(Device device, DeviceScope owner) {
        this.device = device;
        this.owner = owner;
    }

    private CUfunction load(Kernel kernel) {
        CUmodule module = modules.computeIfAbsent(kernel.file(), file -> loadModule(file, owner));
        CUfunction function = new CUfunction();
        CudaStatus.check(
                JCudaDriver.cuModuleGetFunction(function, module, kernel.entry()), "find the kernel " + kernel.entry());
        return function;
    }

    private static CUmodule loadModule(String file, DeviceScope owner) {
        CUmodule module = new CUmodule();
        int status = JCudaDriver.cuModuleLoadData(module, terminated(read(file)));
        if (status != CUresult.CUDA_SUCCESS) {
            throw new IllegalStateException("the CUDA driver could not compile " + file + ".ptx: "
                    + CudaStatus.describe(status) + "; a newer driver may");
        }
        owner.own(() -> JCudaDriver.cuModuleUnload(module));
        return module;
    }

    private static byte[] read(String file) {
        try (InputStream stream = KernelLibrary.class.getResourceAsStream(FOLDER + file + ".ptx")) {
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("the jar is damaged: " + file, e);
        }
    }

    /** The driver takes text with a zero after it. */
    private static byte[] terminated(byte[] text) {
        return Arrays.copyOf(text, text.length + 1);
    }

    /** Arguments of a kernel, in a row. */
    public static Object[] join(Object[]... parts) {
        return Arrays.stream(parts).flatMap(Arrays::stream).toArray();
    }

    /** Runs a kernel with at least {@code threads} threads in a row. */
    public void launch(Kernel kernel, int threads, Object... arguments) {
        launchBlocks(kernel, (threads + THREADS - 1) / THREADS, 1, arguments);
    }

    /**
     * Runs a kernel in {@code x} by {@code y} blocks of {@value #THREADS} threads.
     *
     * @param arguments as the kernel declares them: Integer, Long, Float or DeviceArray, int[] for a structure of
     *     4-byte values; 0L is a null pointer, too
     */
    public void launchBlocks(Kernel kernel, int x, int y, Object... arguments) {
        start(kernel, x, y, 1, THREADS, arguments);
    }

    /** The same in {@code x} by {@code y} by {@code z} blocks. */
    public void launchGrid(Kernel kernel, int x, int y, int z, Object... arguments) {
        start(kernel, x, y, z, THREADS, arguments);
    }

    /** Runs a kernel in a single thread. */
    public void launchOne(Kernel kernel, Object... arguments) {
        start(kernel, 1, 1, 1, 1, arguments);
    }

    private void start(Kernel kernel, int x, int y, int z, int threads, Object... arguments) {
        NativePointerObject[] pointers = new NativePointerObject[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            pointers[i] = pointerTo(arguments[i]);
        }
        CUfunction function = functions.computeIfAbsent(kernel, this::load);
        CudaStatus.check(
                JCudaDriver.cuLaunchKernel(
                        function, x, y, z, threads, 1, 1, 0, device.stream(), Pointer.to(pointers), null),
                "run the kernel " + kernel.entry());
        device.asked(kernel.entry());
    }

    private static Pointer pointerTo(Object argument) {
        if (argument instanceof Integer value) {
            return Pointer.to(new int[] {value});
        }
        if (argument instanceof Long value) {
            return Pointer.to(new long[] {value});
        }
        if (argument instanceof Float value) {
            return Pointer.to(new float[] {value});
        }
        if (argument instanceof int[] structure) {
            return Pointer.to(structure);
        }
        if (argument instanceof DeviceArray array) {
            return Pointer.to(array.pointer());
        }
        throw new IllegalArgumentException("no kernel takes " + argument);
    }
}
