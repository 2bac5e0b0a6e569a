package daegpu.engine.cuda.cudnn;

import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;

/** A product of square matrices by cuBLAS. */
public final class SquareProduct {

    private final CublasProduct product;
    private final int rows;
    private final DeviceArray left;
    private final DeviceArray right;
    private final DeviceArray result;

    /** Of matrices of {@code rows} rows at the beginning of two arrays. */
    public SquareProduct(
            Device device, DeviceScope owner, Precision precision, int rows, DeviceArray left, DeviceArray right) {
        this.rows = rows;
        long size = (long) rows * rows;
        product = new CublasProduct(device, owner, precision);
        this.left = left.floats(0, size);
        this.right = right.floats(0, size);
        result = device.allocateFloats(owner, size, "a product");
    }

    /** Asks for it. */
    public void run() {
        product.forward(left, right, result, rows, rows, rows, false);
    }
}
