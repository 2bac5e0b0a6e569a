package daegpu.engine.cuda.cudnn;

import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.runtime.cudaStream_t;

/**
 * The products of dense layers, by cuBLAS. Matrices are stored row by row here, as everywhere in this program, but
 * column by column in cuBLAS. So each product is computed transposed, {@code (A·B)ᵀ = Bᵀ·Aᵀ}, and nothing is copied.
 */
final class CublasProduct {

    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});

    private final Device device;
    private final cublasHandle handle = new cublasHandle();

    /**
     * Opens cuBLAS on a device.
     *
     * @param precision {@code fp32}, or {@code tf32} to multiply in TF32
     */
    CublasProduct(Device device, DeviceScope owner, Precision precision) {
        this.device = device;
        CudaStatus.checkBlas(JCublas2.cublasCreate(handle), "start");
        owner.own(() -> JCublas2.cublasDestroy(handle));
        CudaStatus.checkBlas(JCublas2.cublasSetStream(handle, new cudaStream_t(device.stream())), "use the stream");
        // A captured step may not allocate. The sizes are those that cuBLAS's manual recommends for these devices.
        long bytes = (device.gpu().major() >= 9 ? 32L : 4L) << 20;
        DeviceArray workspace = device.allocate(owner, bytes, "cuBLAS's workspace");
        CudaStatus.checkBlas(JCublas2.cublasSetWorkspace(handle, workspace.pointer(), bytes), "use its workspace");
        CudaStatus.checkBlas(
                JCublas2.cublasSetMathMode(
                        handle,
                        precision == Precision.FP32
                                ? cublasMath.CUBLAS_PEDANTIC_MATH
                                : cublasMath.CUBLAS_TF32_TENSOR_OP_MATH),
                "choose the precision");
    }

    /**
     * {@code output[count, out] = input[count, in] · weights[in, out]}.
     *
     * @param accumulates whether the old values of the output are added
     */
    void forward(
            DeviceArray input,
            DeviceArray weights,
            DeviceArray output,
            int count,
            int in,
            int out,
            boolean accumulates) {
        multiply(
                cublasOperation.CUBLAS_OP_N,
                cublasOperation.CUBLAS_OP_N,
                out,
                count,
                in,
                weights,
                out,
                input,
                in,
                accumulates ? ONE : ZERO,
                output,
                out);
    }

    /** {@code dataGradient[count, in] = gradient[count, out] · weights[in, out]ᵀ}. */
    void dataGradient(DeviceArray gradient, DeviceArray weights, DeviceArray dataGradient, int count, int in, int out) {
        multiply(
                cublasOperation.CUBLAS_OP_T,
                cublasOperation.CUBLAS_OP_N,
                in,
                count,
                out,
                weights,
                out,
                gradient,
                out,
                ZERO,
                dataGradient,
                in);
    }

    /** {@code weightGradient[in, out] = input[count, in]ᵀ · gradient[count, out]}. */
    void weightGradient(
            DeviceArray input, DeviceArray gradient, DeviceArray weightGradient, int count, int in, int out) {
        multiply(
                cublasOperation.CUBLAS_OP_N,
                cublasOperation.CUBLAS_OP_T,
                out,
                in,
                count,
                gradient,
                out,
                input,
                in,
                ZERO,
                weightGradient,
                out);
    }

    private void multiply(
            int transposeA,
            int transposeB,
            int m,
            int n,
            int k,
            DeviceArray a,
            int lda,
            DeviceArray b,
            int ldb,
            Pointer beta,
            DeviceArray c,
            int ldc) {
        CudaStatus.checkBlas(
                JCublas2.cublasSgemm(
                        handle,
                        transposeA,
                        transposeB,
                        m,
                        n,
                        k,
                        ONE,
                        a.pointer(),
                        lda,
                        b.pointer(),
                        ldb,
                        beta,
                        c.pointer(),
                        ldc),
                "multiply matrices");
        device.asked("cublasSgemm");
    }
}
