package daegpu.engine.cuda.driver;

import daegpu.data.Remedy;
import daegpu.engine.EngineUnavailableException;
import java.util.Locale;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.cublasStatus;
import jcuda.jcudnn.cudnnStatus;

/**
 * Checks the status that the driver, cuBLAS and cuDNN return. A failure is one of the machine or of this program, and
 * not of its input. Failures that a user can cure (no driver, too little memory) become an
 * {@link EngineUnavailableException}.
 */
public final class CudaStatus {

    private CudaStatus() {}

    /** {@code cudaErrorInsufficientDriver} of the runtime, which drivers have been seen to return as well. */
    private static final int CUDA_ERROR_INSUFFICIENT_DRIVER = 35;

    /** {@code CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED} of cuDNN 9, which JCudnn does not know. */
    private static final int DNN_DEVICE_ALLOCATION_FAILED = 4004;

    /**
     * Checks the status that a call of the driver returned.
     *
     * @throws IllegalStateException if the driver could not do {@code action}; the message has the error's name and
     *     meaning
     * @throws EngineUnavailableException if there is too little memory for it
     */
    public static void check(int status, String action) {
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            throw outOfMemory("the CUDA driver", action);
        }
        if (status != CUresult.CUDA_SUCCESS) {
            throw new IllegalStateException("the CUDA driver could not " + action + ": " + describe(status));
        }
    }

    /**
     * Checks the status of a call that shows whether there is a working driver, and a GPU that it can open.
     *
     * @throws EngineUnavailableException if {@code action} failed; the message has the name of the error and, if it is
     *     known, what to do. The driver is not asked for the meaning of the error, as it may be a mere stub
     */
    static void checkUsable(int status, String action) {
        if (status == CUresult.CUDA_SUCCESS) {
            return;
        }
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            throw outOfMemory("the CUDA driver", action);
        }
        String help =
                switch (status) {
                    case CUresult.CUDA_ERROR_STUB_LIBRARY ->
                        ": what was loaded is the stub that programs are linked with; "
                                + CudaLibraries.Library.DRIVER.remedy();
                    case CUDA_ERROR_INSUFFICIENT_DRIVER,
                            CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH,
                            CUresult.CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE ->
                        ": its parts are of different versions; restart the machine if the driver was updated, or "
                                + CudaLibraries.Library.DRIVER.remedy();
                    default -> " (does nvidia-smi list the GPUs?)";
                };
        throw new EngineUnavailableException(
                "the NVIDIA driver could not " + action + ": " + CUresult.stringFor(status) + help, Remedy.CPU_ENGINE);
    }

    /**
     * The name and the meaning of an error of the driver: {@code CUDA_ERROR_NO_DEVICE (no CUDA-capable device is
     * detected)}.
     */
    static String describe(int status) {
        String[] meaning = new String[1];
        JCudaDriver.cuGetErrorString(status, meaning);
        return CUresult.stringFor(status) + (meaning[0] == null ? "" : " (" + meaning[0] + ")");
    }

    /** The same for cuBLAS. */
    public static void checkBlas(int status, String action) {
        if (status == cublasStatus.CUBLAS_STATUS_ALLOC_FAILED) {
            throw outOfMemory("cuBLAS", action);
        }
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw new IllegalStateException("cuBLAS could not " + action + ": " + cublasStatus.stringFor(status));
        }
    }

    /** The same for cuDNN. */
    public static void checkDnn(int status, String action) {
        if (status == cudnnStatus.CUDNN_STATUS_ALLOC_FAILED || status == DNN_DEVICE_ALLOCATION_FAILED) {
            throw outOfMemory("cuDNN", action);
        }
        if (status != cudnnStatus.CUDNN_STATUS_SUCCESS) {
            throw new IllegalStateException(
                    "cuDNN could not " + action + ": " + cudnnStatus.stringFor(status) + " (status " + status + ")");
        }
    }

    /**
     * The exception for memory that a library could not allocate for itself; for memory of this program see
     * {@link Device#allocate}.
     */
    private static EngineUnavailableException outOfMemory(String who, String action) {
        long[] free = new long[1];
        long[] total = new long[1];
        String available = JCudaDriver.cuMemGetInfo(free, total) != CUresult.CUDA_SUCCESS
                ? ""
                : String.format(Locale.ROOT, ": %,d of %,d bytes are free", free[0], total[0]);
        return new EngineUnavailableException(
                who + " could not " + action + " for want of memory on the GPU, which other programs may use, too"
                        + available,
                Remedy.SMALLER_BATCH,
                Remedy.SMALLER_NETWORK,
                Remedy.CPU_ENGINE);
    }
}
