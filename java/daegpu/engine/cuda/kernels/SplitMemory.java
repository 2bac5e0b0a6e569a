package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Workspace;

/**
 * The memory through which blocks that share a tile of a product exchange their parts. Products run one after the other
 * and share it.
 */
final class SplitMemory {

    private final Workspace partials;
    private final Workspace tickets;

    SplitMemory(Device device, DeviceScope owner) {
        partials = new Workspace(device, owner, "parts of products");
        tickets = new Workspace(device, owner, "parts of products");
    }

    /** Announces the memory that a product needs. */
    void require(ImplicitGemm product) {
        partials.require(4 * product.partials());
        tickets.require(4L * product.tickets());
    }

    /** Memory for the parts of split tiles, in floats. */
    DeviceArray partials() {
        return partials.memory();
    }

    /** One integer for each split tile, zero between two products. */
    DeviceArray tickets() {
        return tickets.memory();
    }
}
