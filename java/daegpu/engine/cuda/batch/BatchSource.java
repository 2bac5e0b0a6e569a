package daegpu.engine.cuda.batch;

import daegpu.data.Depth;
import daegpu.data.ImageSet;
import daegpu.data.TrainingImages;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.noise.BlindSpots;
import daegpu.noise.Noise;
import daegpu.noise.PhotonTable;
import java.util.List;
import java.util.Optional;

/**
 * {@code struct BatchSource} of include/batch_source.cuh on the device, with the images and the order to which it
 * points. Patches are cut on the device, which has their pictures and, for each patch of the epoch, its place in them;
 * likewise pairs of images. Memory is reused if it is large enough. If the images or pictures would take more than half
 * of the free memory (the rest is for validation and the libraries), they are not kept on the device: the images of the
 * epoch, or patches that the host cuts, come through an {@link ImageRing}.
 */
public final class BatchSource {

    private static final int BYTES = 72;
    /** Bytes of a chunk of images: far more than copying needs to be fast. */
    private static final long CHUNK_BYTES = 64L << 20;

    private final Device device;
    private final KernelLibrary kernels;
    private final int largestBatch;
    private final DeviceArray source;
    private final DeviceScope imageScope = new DeviceScope();
    private final DeviceScope orderScope = new DeviceScope();
    private final DeviceScope photonScope = new DeviceScope();
    private final CutTable targets;
    private final CutTable inputs;
    private DeviceArray imageMemory;
    private DeviceArray orderMemory;
    private Depth depth = Depth.BITS_8;
    private Noise noise = Noise.Kind.GAUSSIAN.defaultNoise();
    /** The table that is in {@link #photonMemory}, if there is one. */
    private PhotonTable photons;

    private DeviceArray photonMemory;
    /** The images that are all on the device, themselves or as the pictures of their patches; if any are. */
    private TrainingImages resident;
    /** Null if all images are on the device. */
    private ImageRing ring;
    /** What the batches of an epoch are made of; null for images of a set, one after the other. */
    private TrainingImages cut;

    /** @param largestBatch the largest number of images of a batch */
    public BatchSource(Device device, KernelLibrary kernels, DeviceScope owner, int largestBatch) {
        this.device = device;
        this.kernels = kernels;
        this.largestBatch = largestBatch;
        source = device.allocate(owner, BYTES, "the batch's source");
        targets = new CutTable(device, owner);
        inputs = new CutTable(device, owner);
        owner.own(imageScope::close);
        owner.own(orderScope::close);
        owner.own(photonScope::close);
    }

    /** The structure on the device. */
    DeviceArray pointer() {
        return source;
    }

    /** The places in the pictures of what should come out, if images are cut from pictures on the device. */
    public Optional<DeviceArray> targets() {
        return cut != null && ring == null ? Optional.of(targets.memory()) : Optional.empty();
    }

    /** The places of what goes in; those of {@link #targets} where nothing else does. */
    public Optional<DeviceArray> inputs() {
        return hasInputs() && ring == null ? Optional.of(inputs.memory()) : targets();
    }

    /** Whether what goes in are images of their own. */
    public boolean hasInputs() {
        return cut != null && cut.hasInputs();
    }

    /** The pixels that alone count in the loss, if not all do. */
    public Optional<BlindSpots> blindSpots() {
        return cut == null ? Optional.empty() : cut.blindSpots();
    }

    /** The number of images in the ring that batches are taken from, or 0 if all images are on the device. */
    public int ring() {
        return ring == null ? 0 : ring.size();
    }

    /** The number format of the images. */
    public Depth depth() {
        return depth;
    }

    /** What corrupts the images. */
    public Noise noise() {
        return noise;
    }

    /** {@link PhotonTable#words} if the noise is Poisson noise. */
    public Optional<DeviceArray> photons() {
        return noise.kind() == Noise.Kind.POISSON ? Optional.of(photonMemory) : Optional.empty();
    }

    /**
     * Takes batches from all of {@code images}, in this order. The images, or the pictures of which they are patches,
     * are copied to the device unless they are there already, or do not fit.
     */
    public void setEpoch(TrainingImages images, Noise newNoise, long seed, int epoch, int[] order) {
        boolean isCut = !(images instanceof ImageSet);
        if (resident != images) {
            resident = null;
            long bytes = images.pictureBytes();
            if (fits(bytes + (isCut ? CutTable.bytes(images) : 0) * (images.hasInputs() ? 2 : 1))) {
                copySets(images.pictures(), bytes);
                resident = images;
            } else if (ring == null || ring.imageBytes() != bytesInRing(images)) {
                makeRing(images);
            }
        }
        if (ring != null) {
            ring.begin(images, seed, epoch, order);
        }
        cut = isCut ? images : null;
        if (ring == null && isCut) {
            targets.fill(images, index -> images.target(seed, epoch, index));
            if (images.hasInputs()) {
                inputs.fill(images, index -> images.input(seed, epoch, index));
            }
        }
        if (orderMemory == null || orderMemory.bytes() < 4L * order.length) {
            device.close(orderScope);
            orderMemory = device.allocate(orderScope, 4L * order.length, "the order of the images");
        }
        device.upload(order, orderMemory);
        write(newNoise, seed, 0, epoch, images, Optional.of(orderMemory));
    }

    private boolean fits(long bytes) {
        return imageMemory != null && ring == null && imageMemory.bytes() >= bytes || bytes <= device.freeBytes() / 2;
    }

    private void copySets(List<ImageSet> sets, long bytes) {
        reserveImages(bytes);
        long at = 0;
        for (ImageSet set : sets) {
            device.upload(set.pixels(), 0, set.pixels().length, imageMemory, at);
            at += set.pixels().length;
        }
    }

    private void makeRing(TrainingImages images) {
        freeImages();
        long bytes = Math.min(CHUNK_BYTES, device.freeBytes() / 8);
        int imageBytes = bytesInRing(images);
        int chunk = (int) Math.min(images.count(), Math.max(largestBatch, bytes / imageBytes));
        ring = new ImageRing(device, imageScope, imageBytes, chunk);
        imageMemory = ring.memory();
    }

    private static int bytesInRing(TrainingImages images) {
        return images.imageBytes() * (images.hasInputs() ? 2 : 1);
    }

    /** Makes sure that the work that is enqueued next finds this part of the epoch's order on the device. */
    public void require(int first, int count) {
        if (ring != null) {
            ring.require(first, count);
        }
    }

    /**
     * Takes a batch of images {@code first} … {@code first + count − 1}, whose noise is that of images {@code base +
     * first} ….
     */
    void setRange(ImageSet images, Noise newNoise, long seed, long base, int epoch, int first, int count) {
        resident = null;
        cut = null;
        int bytes = count * images.imageBytes();
        reserveImages(bytes);
        device.upload(images.pixels(), first * images.imageBytes(), bytes, imageMemory, 0);
        write(newNoise, seed, base + first, epoch, images, Optional.empty());
    }

    private void reserveImages(long bytes) {
        if (imageMemory == null || ring != null || imageMemory.bytes() < bytes) {
            freeImages();
            imageMemory = device.allocate(imageScope, bytes, "the images");
        }
    }

    private void freeImages() {
        ring = null;
        imageMemory = null;
        device.close(imageScope);
    }

    private void write(
            Noise newNoise, long seed, long base, int epoch, TrainingImages images, Optional<DeviceArray> order) {
        noise = newNoise;
        depth = images.depth();
        long draws = noise.epochOfDraws(epoch);
        if (noise.kind() == Noise.Kind.POISSON) {
            copyPhotons(noise.photons());
        }
        kernels.launch(
                BatchKernel.SET_SOURCE,
                Grid.ONE_THREAD,
                new KernelArguments()
                        .add(source)
                        .add(imageMemory)
                        .add(order)
                        .add(seed)
                        .add(base)
                        .add(draws * ((images.imageSize() + 3L) / 4 * 4))
                        .add(4 * draws)
                        .add(noise.mean())
                        .add(noise.lowest())
                        .add(noise.highest())
                        .add(noise.lowestGain())
                        .add(noise.highestGain()));
    }

    private void copyPhotons(PhotonTable table) {
        if (table == photons) {
            return;
        }
        long bytes = 4L * table.words().length;
        if (photonMemory == null || photonMemory.bytes() < bytes) {
            photons = null;
            device.close(photonScope);
            photonMemory = device.allocate(photonScope, bytes, "the photons of Poisson noise");
        }
        device.upload(table.words(), photonMemory);
        photons = table;
    }
}
