package daegpu.engine.cuda.driver;

import daegpu.data.Remedy;
import daegpu.engine.EngineUnavailableException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.function.Consumer;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * A GPU in use: its context, the one stream on which everything runs in order, its memory, and page-locked host memory
 * through which values are copied. Closing it frees all of these.
 */
public final class Device implements AutoCloseable {

    /** Number of bytes that are copied at a time. */
    private static final int STAGING_BYTES = 4 << 20;

    private final Gpu gpu;
    private final DeviceScope scope = new DeviceScope();
    private final CUcontext context = new CUcontext();
    private final CUstream stream = new CUstream();
    private final Pointer staging;
    private final ByteBuffer stagingBytes;
    private long allocatedBytes;
    /** Null when there is no listener. */
    private Consumer<String> listener;

    /**
     * Opens a GPU.
     *
     * @throws EngineUnavailableException if the driver cannot open it, or has too little memory for that
     */
    public Device(Gpu gpu) {
        this.gpu = gpu;
        try {
            CUdevice handle = Gpu.handle(gpu.number());
            CudaStatus.checkUsable(JCudaDriver.cuDevicePrimaryCtxRetain(context, handle), "open " + gpu.name());
            scope.own(() -> JCudaDriver.cuDevicePrimaryCtxRelease(handle));
            makeCurrent();
            CudaStatus.check(
                    JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "open a stream");
            scope.own(() -> JCudaDriver.cuStreamDestroy(stream));
            staging = allocatePinned(scope, STAGING_BYTES, "copies");
            stagingBytes = staging.getByteBuffer(0, STAGING_BYTES).order(ByteOrder.nativeOrder());
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    /** The GPU. */
    public Gpu gpu() {
        return gpu;
    }

    /** The stream on which all work of this device runs, except copies that have a stream of their own. */
    public CUstream stream() {
        return stream;
    }

    /** Lets the calling thread use the device, whose context belongs to one thread at a time. */
    public void makeCurrent() {
        CudaStatus.check(JCudaDriver.cuCtxSetCurrent(context), "use " + gpu.name());
    }

    /**
     * Calls {@code newListener} with the name of each kernel, and of each call of cuDNN and cuBLAS, after it was
     * enqueued; null ends this. Steps are then not replayed as graphs, whose parts could not be told apart. This is for
     * a benchmark.
     */
    public void listen(Consumer<String> newListener) {
        listener = newListener;
    }

    boolean isListenedTo() {
        return listener != null;
    }

    /** Tells the listener that something was enqueued. */
    public void asked(String what) {
        if (listener != null) {
            listener.accept(what);
        }
    }

    /** Waits for all work that was enqueued. */
    public void synchronize() {
        CudaStatus.check(JCudaDriver.cuStreamSynchronize(stream), "finish its work");
    }

    /**
     * Allocates memory that is zero, and that {@code owner} frees.
     *
     * @param what what it is for, in words
     * @throws EngineUnavailableException if there is too little; the message says how much was asked for, how much
     *     there is, and what to do
     */
    public DeviceArray allocate(DeviceScope owner, long bytes, String what) {
        CUdeviceptr pointer = new CUdeviceptr();
        long size = Math.max(bytes, 16);
        int status = JCudaDriver.cuMemAlloc(pointer, size);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            throw outOfMemory(size, what);
        }
        CudaStatus.check(status, "allocate " + size + " bytes for " + what);
        allocatedBytes += size;
        owner.own(() -> {
            allocatedBytes -= size;
            JCudaDriver.cuMemFree(pointer);
        });
        CudaStatus.check(JCudaDriver.cuMemsetD8Async(pointer, (byte) 0, size, stream), "clear memory");
        return new DeviceArray(pointer, size);
    }

    /** The same, with the size as a number of floats. */
    public DeviceArray allocateFloats(DeviceScope owner, long count, String what) {
        return allocate(owner, 4 * count, what);
    }

    private EngineUnavailableException outOfMemory(long bytes, String what) {
        long[] free = new long[1];
        long[] total = new long[1];
        JCudaDriver.cuMemGetInfo(free, total);
        String message = String.format(
                Locale.ROOT,
                "%s has too little memory for %s: %,d bytes were asked for, %,d of %,d are free",
                gpu.name(),
                what,
                bytes,
                free[0],
                total[0]);
        return what.contains("images")
                ? new EngineUnavailableException(message, Remedy.FEWER_IMAGES, Remedy.CPU_ENGINE)
                : new EngineUnavailableException(
                        message, Remedy.SMALLER_BATCH, Remedy.SMALLER_NETWORK, Remedy.CPU_ENGINE);
    }

    /** Number of bytes that {@link #allocate} has allocated and that are not freed yet. */
    public long allocatedBytes() {
        return allocatedBytes;
    }

    /** Number of free bytes of device memory. */
    public long freeBytes() {
        long[] free = new long[1];
        long[] total = new long[1];
        CudaStatus.check(JCudaDriver.cuMemGetInfo(free, total), "tell how much memory is free");
        return free[0];
    }

    /**
     * Allocates page-locked memory of this machine, which the device copies at full speed and while it computes.
     * {@code owner} frees it.
     *
     * @throws EngineUnavailableException if there is too little
     */
    public Pointer allocatePinned(DeviceScope owner, long bytes, String what) {
        Pointer pointer = new Pointer();
        int status = JCudaDriver.cuMemAllocHost(pointer, bytes);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            throw new EngineUnavailableException(
                    String.format(
                            Locale.ROOT,
                            "this machine has too little memory that can be page-locked for %s, beside what other "
                                    + "programs use: %,d bytes were asked for",
                            what,
                            bytes),
                    Remedy.SMALLER_BATCH,
                    Remedy.CPU_ENGINE);
        }
        CudaStatus.check(status, "allocate " + bytes + " bytes of page-locked memory for " + what);
        owner.own(() -> JCudaDriver.cuMemFreeHost(pointer));
        return pointer;
    }

    /** Copies {@code count} floats to the device, from float {@code at} of {@code target} on. */
    public void upload(float[] values, int from, int count, DeviceArray target, long at) {
        FloatBuffer floats = stagingBytes.clear().asFloatBuffer();
        for (int done = 0; done < count; done += floats.capacity()) {
            int part = Math.min(floats.capacity(), count - done);
            floats.clear();
            floats.put(values, from + done, part);
            uploadStaged(target, 4 * (at + done), 4L * part);
        }
    }

    /** Copies {@code count} bytes to the device, from byte {@code at} of {@code target} on. */
    public void upload(byte[] values, int from, int count, DeviceArray target, long at) {
        for (int done = 0; done < count; done += STAGING_BYTES) {
            int part = Math.min(STAGING_BYTES, count - done);
            stagingBytes.clear();
            stagingBytes.put(values, from + done, part);
            uploadStaged(target, at + done, part);
        }
    }

    /** Copies integers to the beginning of {@code target}. */
    public void upload(int[] values, DeviceArray target) {
        int capacity = STAGING_BYTES / 4;
        for (int done = 0; done < values.length; done += capacity) {
            int part = Math.min(capacity, values.length - done);
            stagingBytes.clear();
            stagingBytes.asIntBuffer().put(values, done, part);
            uploadStaged(target, 4L * done, 4L * part);
        }
    }

    private void uploadStaged(DeviceArray target, long at, long bytes) {
        requireInside(target, at, bytes);
        CudaStatus.check(
                JCudaDriver.cuMemcpyHtoDAsync(target.pointer().withByteOffset(at), staging, bytes, stream),
                "copy to the device");
        synchronize(); // the staging memory is used again
    }

    /**
     * Copies {@code count} floats from the device, from the beginning of {@code source} on, after all work that was
     * enqueued before is done.
     */
    public void download(DeviceArray source, float[] values, int to, int count) {
        FloatBuffer floats = stagingBytes.clear().asFloatBuffer();
        for (int done = 0; done < count; done += floats.capacity()) {
            int part = Math.min(floats.capacity(), count - done);
            requireInside(source, 4L * done, 4L * part);
            CudaStatus.check(
                    JCudaDriver.cuMemcpyDtoHAsync(
                            staging, source.pointer().withByteOffset(4L * done), 4L * part, stream),
                    "copy from the device");
            synchronize();
            floats.clear();
            floats.get(values, to + done, part);
        }
    }

    /** Copies all of one array into another of the same size, on the device. */
    public void copy(DeviceArray from, DeviceArray to) {
        requireInside(to, 0, from.bytes());
        CudaStatus.check(JCudaDriver.cuMemcpyDtoDAsync(to.pointer(), from.pointer(), from.bytes(), stream), "copy");
    }

    private static void requireInside(DeviceArray array, long at, long bytes) {
        if (at < 0 || at + bytes > array.bytes()) {
            throw new IndexOutOfBoundsException(bytes + " bytes at " + at + " of " + array.bytes());
        }
    }

    @Override
    public void close() {
        JCudaDriver.cuCtxSetCurrent(context);
        scope.close();
    }

    /** Waits for the work that was enqueued, and frees what {@code other} owns on this device. */
    public void close(DeviceScope other) {
        JCudaDriver.cuCtxSetCurrent(context);
        JCudaDriver.cuStreamSynchronize(stream);
        other.close();
    }
}
