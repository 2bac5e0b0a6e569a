package daegpu.engine.cuda.cudnn;

import daegpu.data.Remedy;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Workspace;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import jcuda.runtime.cudaStream_t;

/**
 * cuDNN on a device.
 *
 * @param device the GPU
 * @param handle cuDNN's own handle
 * @param precision {@code fp32} or {@code tf32}
 * @param workspace the memory that its algorithms may use
 */
record CudnnHandle(Device device, cudnnHandle handle, Precision precision, Workspace workspace) {

    static CudnnHandle open(Device device, DeviceScope owner, Precision precision) {
        long version = JCudnn.cudnnGetVersion();
        if (version < 90000) {
            throw new EngineUnavailableException(
                    "the cuda engine needs cuDNN 9, and this one has version number " + version
                            + ": "
                            + CudaLibraries.Library.CUDNN.remedy(),
                    Remedy.NATIVE_CONVOLUTIONS);
        }
        cudnnHandle handle = new cudnnHandle();
        CudaStatus.checkDnn(JCudnn.cudnnCreate(handle), "start");
        owner.own(() -> JCudnn.cudnnDestroy(handle));
        CudaStatus.checkDnn(JCudnn.cudnnSetStream(handle, new cudaStream_t(device.stream())), "use the stream");
        return new CudnnHandle(device, handle, precision, new Workspace(device, owner, "cuDNN's workspace"));
    }

    /** Its version: 9.10.2 for 91002. */
    static String version() {
        long version = JCudnn.cudnnGetVersion();
        return version / 10000 + "." + version % 10000 / 100 + "." + version % 100;
    }
}
