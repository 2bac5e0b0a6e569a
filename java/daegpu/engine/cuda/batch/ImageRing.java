package daegpu.engine.cuda.batch;

import daegpu.data.TrainingImages;
import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import java.nio.ByteBuffer;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * The images that training needs next, if not all images, or not all pictures of patches, fit on the device: two chunks
 * of the epoch's order, each in one half of a ring. While steps take one chunk, the other is copied from page-locked
 * memory on a stream of its own; events order the two streams. The image at place {@code p} of the order is at {@code p
 * % size()} of the ring. Where what goes in are images of their own, each lies after the one that should come out.
 */
final class ImageRing {

    private static final int HALVES = 2;
    private static final int NOTHING = -1;

    private final Device device;
    private final int imageBytes;
    private final int chunk;
    private final CUstream copies = new CUstream();
    private final DeviceArray memory;
    private final Pointer[] pinned = new Pointer[HALVES];
    private final ByteBuffer[] pinnedBytes = new ByteBuffer[HALVES];
    /** Recorded after the copy into each half. */
    private final CUevent[] copied = new CUevent[HALVES];
    /** Recorded after the steps that read each half before it is copied into again. */
    private final CUevent[] read = new CUevent[HALVES];
    /** The chunk of the order that each half holds, or will once it is copied. */
    private final int[] held = new int[HALVES];
    /** Whether steps already wait for the copy into a half. */
    private final boolean[] awaited = new boolean[HALVES];

    /**
     * The values of one image or, where what goes in are images of their own, of this one after the one to come out.
     */
    private final byte[] pixels;

    private TrainingImages images;
    private long seed;
    private int epoch;
    private int[] order;

    /**
     * @param imageBytes bytes of an image, with that which goes in, if it is another one
     * @param chunk number of images in a half; no batch may be larger
     */
    ImageRing(Device device, DeviceScope owner, int imageBytes, int chunk) {
        this.device = device;
        this.imageBytes = imageBytes;
        this.chunk = chunk;
        pixels = new byte[imageBytes];
        long bytes = (long) chunk * imageBytes;
        memory = device.allocate(owner, HALVES * bytes, "two chunks of pixels");
        for (int half = 0; half < HALVES; half++) {
            pinned[half] = device.allocatePinned(owner, bytes, "a chunk of pixels");
            pinnedBytes[half] = pinned[half].getByteBuffer(0, bytes);
            copied[half] = event(owner);
            read[half] = event(owner);
        }
        CudaStatus.check(JCudaDriver.cuStreamCreate(copies, CUstream_flags.CU_STREAM_NON_BLOCKING), "open a stream");
        owner.own(() -> {
            JCudaDriver.cuStreamSynchronize(copies);
            JCudaDriver.cuStreamDestroy(copies);
        });
    }

    private static CUevent event(DeviceScope owner) {
        CUevent event = new CUevent();
        CudaStatus.check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING), "make an event");
        owner.own(() -> JCudaDriver.cuEventDestroy(event));
        return event;
    }

    /** The memory of the images, {@code [size(), height, width, channels]}. */
    DeviceArray memory() {
        return memory;
    }

    /** The number of images that it holds. */
    int size() {
        return HALVES * chunk;
    }

    int imageBytes() {
        return imageBytes;
    }

    /** Begins an epoch: forgets what it holds. */
    void begin(TrainingImages newImages, long newSeed, int newEpoch, int[] newOrder) {
        images = newImages;
        seed = newSeed;
        epoch = newEpoch;
        order = newOrder.clone();
        Arrays.fill(held, NOTHING);
    }

    /**
     * Makes sure that the work that is enqueued next finds the images at places {@code first} … {@code first + count −
     * 1} of the order, and starts to copy those that come after them.
     */
    void require(int first, int count) {
        int from = first / chunk;
        int to = (first + count - 1) / chunk;
        for (int number = from; number <= to; number++) {
            if (held[number % HALVES] != number) {
                copy(number);
            }
        }
        for (int number = from; number <= to; number++) {
            int half = number % HALVES;
            if (!awaited[half]) {
                CudaStatus.check(JCudaDriver.cuStreamWaitEvent(device.stream(), copied[half], 0), "wait for images");
                awaited[half] = true;
            }
        }
        int next = to + 1;
        if (from == to && (long) next * chunk < order.length && held[next % HALVES] != next) {
            copy(next);
        }
    }

    private void copy(int number) {
        int half = number % HALVES;
        // The half's last copy has to be over before its page-locked memory is filled again. It was awaited by steps
        // long ago, unless they are two chunks behind: so this also keeps the host from running ahead further than
        // that.
        CudaStatus.check(JCudaDriver.cuEventSynchronize(copied[half]), "wait for a copy");
        int first = number * chunk;
        int count = Math.min(chunk, order.length - first);
        ByteBuffer target = pinnedBytes[half].clear();
        for (int i = 0; i < count; i++) {
            images.copy(images.target(seed, epoch, order[first + i]), pixels, 0);
            if (images.hasInputs()) {
                images.copy(images.input(seed, epoch, order[first + i]), pixels, images.imageBytes());
            }
            target.put(pixels);
        }
        CudaStatus.check(JCudaDriver.cuEventRecord(read[half], device.stream()), "mark its place");
        CudaStatus.check(JCudaDriver.cuStreamWaitEvent(copies, read[half], 0), "wait for training steps");
        CudaStatus.check(
                JCudaDriver.cuMemcpyHtoDAsync(
                        memory.pointer().withByteOffset((long) half * chunk * imageBytes),
                        pinned[half],
                        (long) count * imageBytes,
                        copies),
                "copy images to the device");
        CudaStatus.check(JCudaDriver.cuEventRecord(copied[half], copies), "mark its place");
        held[half] = number;
        awaited[half] = false;
    }
}
