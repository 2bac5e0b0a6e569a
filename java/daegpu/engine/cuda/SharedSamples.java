package daegpu.engine.cuda;

import daegpu.data.ImageSet;
import daegpu.engine.DeviceSamples;
import daegpu.engine.cuda.batch.CorruptedBatch;
import daegpu.engine.cuda.batch.Corruption;
import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUgraphicsRegisterFlags;
import jcuda.driver.CUgraphicsResource;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * Samples in two arrays: training fills one of them, while OpenGL's thread copies the other into its buffer on a stream
 * of its own. Neither thread waits for the other; OpenGL's stream waits for an event after the samples that it copies.
 */
final class SharedSamples implements DeviceSamples {

    private final Device device;
    private final CorruptedBatch corrupted;
    private final Corruption corruption;
    private final Inference inference;
    private final int count;
    private final int columns;
    private final int imageSize;
    private final DeviceArray denoised;
    private final DeviceArray[] arrays = new DeviceArray[2];
    private final CUevent[] filled = new CUevent[2];
    /** Which array was filled last, and which is being copied; -1 for none. */
    private int newest = -1;

    private int copied = -1;

    private final CUgraphicsResource resource = new CUgraphicsResource();
    private final CUstream stream = new CUstream();
    private volatile boolean shared;

    /** Makes room for the first {@code count} images of a set, {@code columns} in a row. */
    SharedSamples(
            Device device,
            DeviceScope owner,
            CorruptedBatch corrupted,
            Corruption corruption,
            Inference inference,
            int imageSize,
            int count,
            int columns) {
        this.device = device;
        this.corrupted = corrupted;
        this.corruption = corruption;
        this.inference = inference;
        this.imageSize = imageSize;
        this.count = Math.min(count, CorruptedBatch.IMAGES);
        this.columns = columns;
        denoised = device.allocateFloats(owner, (long) this.count * imageSize, "samples");
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = device.allocateFloats(owner, values(), "samples");
            CUevent event = new CUevent();
            CudaStatus.check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING), "make an event");
            owner.own(() -> JCudaDriver.cuEventDestroy(event));
            filled[i] = event;
        }
    }

    @Override
    public int values() {
        return 3 * count * imageSize;
    }

    @Override
    public void take(ImageSet validation, Noise noise, long seed) {
        int target;
        synchronized (this) {
            target = newest == 0 ? 1 : 0;
            if (target == copied) {
                return;
            }
        }
        device.makeCurrent();
        corrupted.run(corruption, validation, noise, seed, Philox.VALIDATION, 0, 0, count);
        inference.run(corrupted.noisy(), count, denoised);
        int at = 0;
        for (int first = 0; first < count; first += columns) {
            int part = Math.min(columns, count - first);
            for (DeviceArray images : new DeviceArray[] {corrupted.clean(), corrupted.noisy(), denoised}) {
                device.copy(
                        images.floats((long) first * imageSize, (long) part * imageSize),
                        arrays[target].floats((long) at * imageSize, (long) part * imageSize));
                at += part;
            }
        }
        CudaStatus.check(JCudaDriver.cuEventRecord(filled[target], device.stream()), "record an event");
        synchronized (this) {
            newest = target;
        }
    }

    @Override
    public boolean share(int buffer) {
        device.makeCurrent();
        if (JCudaDriver.cuGraphicsGLRegisterBuffer(
                        resource, buffer, CUgraphicsRegisterFlags.CU_GRAPHICS_REGISTER_FLAGS_WRITE_DISCARD)
                != CUresult.CUDA_SUCCESS) {
            return false;
        }
        CudaStatus.check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "open a stream");
        shared = true;
        return true;
    }

    @Override
    public boolean isShared() {
        return shared;
    }

    @Override
    public void copyIntoBuffer() {
        synchronized (this) {
            if (newest < 0) {
                return;
            }
            copied = newest;
        }
        try {
            device.makeCurrent();
            CUgraphicsResource[] resources = {resource};
            CudaStatus.check(JCudaDriver.cuGraphicsMapResources(1, resources, stream), "use a buffer of OpenGL");
            CUdeviceptr pointer = new CUdeviceptr();
            long[] bytes = new long[1];
            CudaStatus.check(
                    JCudaDriver.cuGraphicsResourceGetMappedPointer(pointer, bytes, resource),
                    "find a buffer of OpenGL");
            CudaStatus.check(JCudaDriver.cuStreamWaitEvent(stream, filled[copied], 0), "wait for samples");
            CudaStatus.check(
                    JCudaDriver.cuMemcpyDtoDAsync(pointer, arrays[copied].pointer(), 4L * values(), stream),
                    "copy samples");
            CudaStatus.check(
                    JCudaDriver.cuGraphicsUnmapResources(1, resources, stream), "give a buffer back to OpenGL");
            CudaStatus.check(JCudaDriver.cuStreamSynchronize(stream), "copy samples");
        } finally {
            synchronized (this) {
                copied = -1;
            }
        }
    }

    @Override
    public void release() {
        if (shared) {
            shared = false;
            device.makeCurrent();
            CudaStatus.check(JCudaDriver.cuGraphicsUnregisterResource(resource), "let go of a buffer of OpenGL");
            CudaStatus.check(JCudaDriver.cuStreamDestroy(stream), "close a stream");
        }
    }
}
