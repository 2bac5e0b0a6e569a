package daegpu.engine.cuda.kernels;

/**
 * A kernel, and what a block of it makes at a time.
 *
 * @param kernel what is launched
 * @param rows of the product: {@link Unit}s of a layer forward or a data gradient; taps and channels, or channels
 *     alone, of a weight gradient
 * @param columns of the product
 * @param depth values, or for a weight gradient {@link Unit}s, that it takes at a time
 * @param unit what it counts
 */
record Tile(LayerKernel kernel, int rows, int columns, int depth, Unit unit) {

    /** Pieces of the small images. */
    enum Unit {
        PIXEL(1, 1),
        /** Seven pixels of a row: {@code STRIP} of include/strips.cuh. */
        STRIP(7, 1),
        /** Eight: {@code LONG_STRIP} of include/strips.cuh. */
        LONG_STRIP(8, 1),
        /** Of include/strip_gradient.cuh. */
        BLOCK_OF_7X7(7, 7),
        /** Of the same. */
        BLOCK_OF_8X8(8, 8),
        /** Of include/tensor_core_stride_1.cuh and include/tensor_core_stride_1_gradient.cuh. */
        BLOCK_OF_16X8(16, 8),
        /** Of include/single_filter.cuh. */
        BLOCK_OF_32X16(32, 16);

        private final int width;
        private final int height;

        Unit(int width, int height) {
            this.width = width;
            this.height = height;
        }

        /** Pieces along {@code pixels} pixels of a row; the last may be cut. */
        int along(int pixels) {
            return (pixels + width - 1) / width;
        }

        /** Pieces along {@code pixels} pixels of a column. */
        int down(int pixels) {
            return (pixels + height - 1) / height;
        }

        boolean isStrip() {
            return this == STRIP || this == LONG_STRIP;
        }
    }

    /** Tiles that {@code count} rows take. */
    int downFor(int count) {
        return (count + rows - 1) / rows;
    }

    /** Tiles that {@code count} columns take. */
    int acrossFor(int count) {
        return (count + columns - 1) / columns;
    }
}
