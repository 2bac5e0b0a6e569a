package daegpu.engine.cuda.batch;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.Kernel;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.Planes;

/** Copies images on the device between the program's order, {@code [count, height, width, channels]}, and planes. */
public final class Layout {

    private final KernelLibrary kernels;

    /** Copies with these kernels. */
    public Layout(KernelLibrary kernels) {
        this.kernels = kernels;
    }

    /** Enqueues a copy of {@code count} images from the program's order to planes. */
    public void toPlanes(DeviceArray pixels, DeviceArray planes, Planes shape, int count) {
        copy(BatchKernel.TO_PLANES, pixels, planes, shape, count);
    }

    /** Enqueues a copy of {@code count} images from planes to the program's order. */
    public void toPixels(DeviceArray planes, DeviceArray pixels, Planes shape, int count) {
        copy(BatchKernel.TO_PIXELS, planes, pixels, shape, count);
    }

    private void copy(Kernel kernel, DeviceArray from, DeviceArray to, Planes shape, int count) {
        int total = count * shape.values();
        kernels.launch(
                kernel,
                Grid.covering(total),
                new KernelArguments()
                        .add(from)
                        .add(to)
                        .add(total)
                        .add(shape.channels())
                        .add(shape.height())
                        .add(shape.width())
                        .add(shape.plane())
                        .add(shape.pitch()));
    }
}
