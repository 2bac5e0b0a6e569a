package daegpu.engine.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** The kernels, as the driver compiles them for one device. */
public final class KernelLibrary {

    /** Where {@code cuda/build-ptx} leaves the PTX. */
    private static final String FOLDER = "/daegpu/engine/cuda/";

    private final Device device;
    private final DeviceScope owner;
    private final Map<String, Module> modules = new HashMap<>();
    private final Map<Kernel, Function> functions = new HashMap<>();

    /** A PTX file that was loaded, and the parameters of its kernels. */
    private record Module(CUmodule handle, Map<String, List<KernelParameter>> parameters) {}

    private record Function(CUfunction handle, List<KernelParameter> parameters) {}

    /** A kernel is loaded when it is first launched, as no run needs all of them. {@code owner} unloads them. */
    public KernelLibrary(Device device, DeviceScope owner) {
        this.device = device;
        this.owner = owner;
    }

    /**
     * Enqueues a kernel on the device's stream.
     *
     * @throws IllegalArgumentException if the kernel takes other arguments
     */
    public void launch(Kernel kernel, Grid grid, KernelArguments arguments) {
        Function function = functions.computeIfAbsent(kernel, this::load);
        arguments.check(kernel, function.parameters());
        CudaStatus.check(
                JCudaDriver.cuLaunchKernel(
                        function.handle(),
                        grid.x(),
                        grid.y(),
                        grid.z(),
                        grid.threads(),
                        1,
                        1,
                        0,
                        device.stream(),
                        arguments.pointer(),
                        null),
                "run the kernel " + kernel.entry());
        device.asked(kernel.entry());
    }

    private Function load(Kernel kernel) {
        Module module = modules.computeIfAbsent(kernel.file(), this::loadModule);
        CUfunction function = new CUfunction();
        CudaStatus.check(
                JCudaDriver.cuModuleGetFunction(function, module.handle(), kernel.entry()),
                "find the kernel " + kernel.entry());
        return new Function(function, module.parameters().get(kernel.entry()));
    }

    private Module loadModule(String file) {
        byte[] ptx = read(file);
        CUmodule module = new CUmodule();
        int status = JCudaDriver.cuModuleLoadData(module, terminated(ptx));
        if (status != CUresult.CUDA_SUCCESS) {
            throw new IllegalStateException("the CUDA driver could not compile " + file + ".ptx: "
                    + CudaStatus.describe(status) + "; a newer driver may");
        }
        owner.own(() -> JCudaDriver.cuModuleUnload(module));
        return new Module(module, KernelParameter.declaredIn(new String(ptx, StandardCharsets.US_ASCII)));
    }

    private static byte[] read(String file) {
        try (InputStream stream = KernelLibrary.class.getResourceAsStream(FOLDER + file + ".ptx")) {
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("the jar is damaged: " + file, e);
        }
    }

    /** The text with a zero at its end, as the driver takes it. */
    private static byte[] terminated(byte[] text) {
        return Arrays.copyOf(text, text.length + 1);
    }
}
