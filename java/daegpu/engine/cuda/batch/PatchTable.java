package daegpu.engine.cuda.batch;

import daegpu.data.ImageSet;
import daegpu.data.Patches;
import daegpu.data.Patches.Cut;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The places of the patches of an epoch in the pictures, which lie one after the other on the device: for each patch a
 * {@code struct Patch} of cuda/gather_noise.cu. Memory is reused if it is large enough.
 */
final class PatchTable {

    private static final int BYTES = 16;
    /** Number of places that are copied to the device at a time. */
    private static final int PART = 1 << 16;

    private final Device device;
    private final DeviceScope scope = new DeviceScope();
    private DeviceArray memory;

    PatchTable(Device device, DeviceScope owner) {
        this.device = device;
        owner.own(scope::close);
    }

    /** The size of the table of an epoch in bytes. */
    static long bytes(Patches patches) {
        return (long) BYTES * patches.count();
    }

    /** The table on the device, indexed by the patch's number in the epoch. */
    DeviceArray memory() {
        return memory;
    }

    /** Fills the table for an epoch. */
    void fill(Patches patches, long seed, int epoch) {
        if (memory == null || memory.bytes() < bytes(patches)) {
            memory = null;
            device.close(scope);
            memory = device.allocate(scope, bytes(patches), "where patches are");
        }
        long[] starts = starts(patches);
        byte[] bytes = new byte[BYTES * Math.min(PART, patches.count())];
        ByteBuffer table = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        for (int done = 0; done < patches.count(); done += PART) {
            int part = Math.min(PART, patches.count() - done);
            table.clear();
            for (int i = 0; i < part; i++) {
                Cut cut = patches.cut(seed, epoch, done + i);
                table.putLong(starts[cut.picture()] + cut.first())
                        .putInt(cut.rowStep())
                        .putInt(cut.columnStep());
            }
            device.upload(bytes, 0, BYTES * part, memory, (long) BYTES * done);
        }
    }

    private static long[] starts(Patches patches) {
        long[] starts = new long[patches.pictures().size()];
        long start = 0;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = start;
            ImageSet picture = patches.pictures().get(i);
            start += picture.imageSize();
        }
        return starts;
    }
}
