package daegpu.engine.cuda;

/** Copies images on the device between the program's order, {@code [count, height, width, channels]}, and planes. */
final class Layout {

    private final Kernel.Library kernels;

    Layout(Kernel.Library kernels) {
        this.kernels = kernels;
    }

    void toPlanes(DeviceArray pixels, DeviceArray planes, Planes shape, int count) {
        copy(Kernel.TO_PLANES, pixels, planes, shape, count);
    }

    void toPixels(DeviceArray planes, DeviceArray pixels, Planes shape, int count) {
        copy(Kernel.TO_PIXELS, planes, pixels, shape, count);
    }

    private void copy(Kernel kernel, DeviceArray from, DeviceArray to, Planes shape, int count) {
        int total = count * shape.values();
        kernels.launch(
                kernel,
                total,
                from,
                to,
                total,
                shape.channels(),
                shape.height(),
                shape.width(),
                shape.plane(),
                shape.pitch());
    }
}
