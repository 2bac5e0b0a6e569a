package daegpu.engine.cuda;

/**
 * What a network is computed with: a device, the kernels, cuDNN and cuBLAS on it.
 *
 * @param device  the GPU
 * @param kernels this program's own kernels
 * @param dnn     convolutions
 * @param product dense layers
 */
record Toolkit(Device device, Kernel.Library kernels, DnnHandle dnn, MatrixProduct product) {

    static Toolkit open(Device device, DeviceScope owner, String precision) {
        return new Toolkit(device, new Kernel.Library(device, owner), DnnHandle.open(device, owner, precision),
                new MatrixProduct(device, owner, precision));
    }
}
