package daegpu.engine.cuda.batch;

import daegpu.data.Cut;
import daegpu.data.ImageSet;
import daegpu.data.TrainingImages;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The places of the images of an epoch in the pictures, which lie one after the other on the device: for each image a
 * {@code struct Patch} of cuda/gather_noise.cu. Memory is reused if it is large enough.
 */
final class CutTable {

    private static final int BYTES = 16;
    /** Number of places that are copied to the device at a time. */
    private static final int PART = 1 << 16;

    private final Device device;
    private final DeviceScope scope = new DeviceScope();
    private DeviceArray memory;

    CutTable(Device device, DeviceScope owner) {
        this.device = device;
        owner.own(scope::close);
    }

    /** The size of the table of an epoch in bytes. */
    static long bytes(TrainingImages images) {
        return (long) BYTES * images.count();
    }

    /** The table on the device, by the image's index in the epoch. */
    DeviceArray memory() {
        return memory;
    }

    /**
     * Fills the table for an epoch.
     *
     * @param cuts the place of each image by its index
     */
    void fill(TrainingImages images, IntFunction<Cut> cuts) {
        if (memory == null || memory.bytes() < bytes(images)) {
            memory = null;
            device.close(scope);
            memory = device.allocate(scope, bytes(images), "where images are");
        }
        long[] starts = starts(images.pictures());
        byte[] bytes = new byte[BYTES * Math.min(PART, images.count())];
        ByteBuffer table = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        for (int done = 0; done < images.count(); done += PART) {
            int part = Math.min(PART, images.count() - done);
            table.clear();
            for (int i = 0; i < part; i++) {
                Cut cut = cuts.apply(done + i);
                table.putLong(starts[cut.picture()] + cut.first())
                        .putInt(cut.rowStep())
                        .putInt(cut.columnStep());
            }
            device.upload(bytes, 0, BYTES * part, memory, (long) BYTES * done);
        }
    }

    private static long[] starts(List<ImageSet> pictures) {
        long[] starts = new long[pictures.size()];
        long start = 0;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = start;
            start += pictures.get(i).imageSize();
        }
        return starts;
    }
}
