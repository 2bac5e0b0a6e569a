package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Workspace;

/** Where blocks that share a tile of a product meet; products that follow each other use the same. */
final class SplitMemory {

    private final Workspace partials;
    private final Workspace tickets;

    SplitMemory(Device device, DeviceScope owner) {
        partials = new Workspace(device, owner, "parts of products");
        tickets = new Workspace(device, owner, "parts of products");
    }

    /** Makes room for a product. */
    void require(ImplicitGemm product) {
        partials.require(4 * product.partials());
        tickets.require(4L * product.tickets());
    }

    /** Floats. */
    DeviceArray partials() {
        return partials.memory();
    }

    /** Integers that are zero between two products. */
    DeviceArray tickets() {
        return tickets.memory();
    }
}
