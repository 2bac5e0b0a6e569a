package daegpu.engine.cuda;

import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.cublasStatus;
import jcuda.jcudnn.cudnnStatus;

/**
 * Checks what the driver, cuBLAS and cuDNN return. A failure here is one of the machine or of this program, not of the
 * input; what a user can cure (no driver, too little memory) is caught where it arises.
 */
final class CudaStatus {

    private CudaStatus() {
    }

    /**
     * @throws IllegalStateException if the driver could not do {@code action}; the message has the error's name and meaning
     */
    static void check(int status, String action) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw new IllegalStateException("the CUDA driver could not " + action + ": " + describe(status));
        }
    }

    /** Name and meaning of a driver's error: {@code CUDA_ERROR_NO_DEVICE (no CUDA-capable device is detected)}. */
    static String describe(int status) {
        String[] meaning = new String[1];
        JCudaDriver.cuGetErrorString(status, meaning);
        return CUresult.stringFor(status) + (meaning[0] == null ? "" : " (" + meaning[0] + ")");
    }

    /** The same for cuBLAS. */
    static void checkBlas(int status, String action) {
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw new IllegalStateException("cuBLAS could not " + action + ": " + cublasStatus.stringFor(status));
        }
    }

    /** The same for cuDNN. */
    static void checkDnn(int status, String action) {
        if (status != cudnnStatus.CUDNN_STATUS_SUCCESS) {
            throw new IllegalStateException("cuDNN could not " + action + ": " + cudnnStatus.stringFor(status) + " (status "
                    + status + ")");
        }
    }
}
