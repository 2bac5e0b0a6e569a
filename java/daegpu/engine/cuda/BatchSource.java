package daegpu.engine.cuda;

import daegpu.data.ImageSet;
import daegpu.noise.Noise;

/**
 * {@code struct BatchSource} of include/batch_source.cuh on the device, with the images and the order that it points to.
 * Memory is reused as long as it is large enough.
 */
final class BatchSource {

    private static final int BYTES = 64;

    private final Device device;
    private final Kernel.Library kernels;
    private final DeviceArray source;
    private final DeviceScope imageScope = new DeviceScope();
    private final DeviceScope orderScope = new DeviceScope();
    private DeviceArray imageMemory;
    private DeviceArray orderMemory;
    /** The set whose bytes are all on the device, if one's are. */
    private ImageSet resident;

    BatchSource(Toolkit toolkit, DeviceScope owner) {
        device = toolkit.device();
        kernels = toolkit.kernels();
        source = device.allocate(owner, BYTES, "the batch's source");
        owner.own(imageScope::close);
        owner.own(orderScope::close);
    }

    /** The structure on the device. */
    DeviceArray pointer() {
        return source;
    }

    /**
     * Takes batches from all of {@code images}, in this order. The set is copied to the device unless it is there already.
     */
    void setEpoch(ImageSet images, Noise noise, int epoch, int[] order) {
        if (resident != images) {
            copyImages(images.pixels(), 0, images.pixels().length);
            resident = images;
        }
        if (orderMemory == null || orderMemory.bytes() < 4L * order.length) {
            device.close(orderScope);
            orderMemory = device.allocate(orderScope, 4L * order.length, "the order of the images");
        }
        device.upload(order, orderMemory);
        write(noise, 0, epoch, images.imageSize(), orderMemory);
    }

    /**
     * Takes a batch of images {@code first} … {@code first + count − 1}, which draw their noise as images {@code base +
     * first} ….
     */
    void setRange(ImageSet images, Noise noise, long base, int epoch, int first, int count) {
        resident = null;
        copyImages(images.pixels(), first * images.imageSize(), count * images.imageSize());
        write(noise, base + first, epoch, images.imageSize(), null);
    }

    private void copyImages(byte[] pixels, int from, int count) {
        if (imageMemory == null || imageMemory.bytes() < count) {
            device.close(imageScope);
            imageMemory = null;
            imageMemory = device.allocate(imageScope, count, "the images");
        }
        device.upload(pixels, from, count, imageMemory, 0);
    }

    private void write(Noise noise, long base, int epoch, int imageSize, DeviceArray order) {
        long draws = noise.epochOfDraws(epoch);
        Object orderOrNull = order == null ? (Object) 0L : order;
        kernels.launchOne(Kernel.SET_SOURCE, source, imageMemory, orderOrNull, noise.seed(), base,
                draws * ((imageSize + 3L) / 4 * 4), 4 * draws, noise.mean(), noise.lowestStd(), noise.highestStd());
    }
}
