package daegpu.engine.cuda.driver;

import daegpu.data.Remedy;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Precision;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * A GPU of this machine.
 *
 * @param number its index in the driver's list, from 0
 * @param name NVIDIA's name for it
 * @param major first part of its compute capability
 * @param minor second part
 * @param memory size of its memory in bytes
 */
public record Gpu(int number, String name, int major, int minor, long memory) {

    /**
     * Lists the GPUs.
     *
     * @throws EngineUnavailableException if libraries are missing, the driver does not work, or there is no GPU
     */
    public static List<Gpu> all() {
        CudaLibraries.load();
        int status = JCudaDriver.cuInit(0);
        int[] count = new int[1];
        if (status == CUresult.CUDA_SUCCESS) {
            status = JCudaDriver.cuDeviceGetCount(count);
        }
        if (status != CUresult.CUDA_SUCCESS || count[0] == 0) {
            throw new EngineUnavailableException(
                    "the driver finds no GPU (does nvidia-smi?)"
                            + (status == CUresult.CUDA_SUCCESS ? "" : ": " + CudaStatus.describe(status)),
                    Remedy.CPU_ENGINE);
        }
        List<Gpu> gpus = new ArrayList<>();
        for (int number = 0; number < count[0]; number++) {
            gpus.add(of(number));
        }
        return gpus;
    }

    private static Gpu of(int number) {
        CUdevice device = handle(number);
        byte[] name = new byte[256];
        CudaStatus.checkUsable(
                JCudaDriver.cuDeviceGetName(name, name.length, device), "tell the name of device " + number);
        long[] memory = new long[1];
        CudaStatus.checkUsable(JCudaDriver.cuDeviceTotalMem(memory, device), "tell the memory of device " + number);
        String text = new String(name, StandardCharsets.UTF_8);
        int end = text.indexOf('\0');
        return new Gpu(
                number,
                end < 0 ? text : text.substring(0, end),
                attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device),
                attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device),
                memory[0]);
    }

    private static int attribute(int which, CUdevice device) {
        int[] value = new int[1];
        CudaStatus.checkUsable(JCudaDriver.cuDeviceGetAttribute(value, which, device), "tell an attribute of a device");
        return value[0];
    }

    /**
     * The driver's handle of device {@code number}.
     *
     * @throws EngineUnavailableException if it cannot be opened
     */
    public static CUdevice handle(int number) {
        CUdevice device = new CUdevice();
        CudaStatus.checkUsable(JCudaDriver.cuDeviceGet(device, number), "open device " + number);
        return device;
    }

    /** Whether it has compute capability {@code requiredMajor}.{@code requiredMinor} or a later one. */
    public boolean isAtLeast(int requiredMajor, int requiredMinor) {
        return major > requiredMajor || major == requiredMajor && minor >= requiredMinor;
    }

    /**
     * Checks that this GPU can be used.
     *
     * @throws EngineUnavailableException if it is older than the kernels, or than {@code precision} needs
     */
    public void require(Precision precision) {
        if (!isAtLeast(7, 5)) {
            throw new EngineUnavailableException(
                    "the cuda engine needs compute capability 7.5 (Turing) or later, and " + name + " has " + major
                            + "." + minor,
                    Remedy.OTHER_DEVICE,
                    Remedy.CPU_ENGINE);
        }
        if (precision != Precision.FP32 && !isAtLeast(8, 0)) {
            throw new EngineUnavailableException(
                    precision + " needs compute capability 8.0 (Ampere) or later, and " + name + " has " + major + "."
                            + minor,
                    Remedy.FP32);
        }
    }

    /** Describes it in one line: {@code 0: NVIDIA T4, compute capability 7.5, 14.7 GiB}. */
    public String describe() {
        return String.format(
                Locale.ROOT,
                "%d: %s, compute capability %d.%d, %.1f GiB",
                number,
                name,
                major,
                minor,
                memory / (double) (1 << 30));
    }
}
