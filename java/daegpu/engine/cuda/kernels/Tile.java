package daegpu.engine.cuda.kernels;

/**
 * A kernel, and what one of its blocks computes at a time.
 *
 * @param kernel the kernel that is launched
 * @param rows number of rows of the product: {@link Unit}s in a layer forward or a data gradient; taps and channels, or
 *     channels only, in a weight gradient
 * @param columns number of columns of the product
 * @param depth number of values of the depth, or for a weight gradient of {@link Unit}s, that it takes at a time
 * @param unit the pieces of images that it counts
 */
record Tile(LayerKernel kernel, int rows, int columns, int depth, Unit unit) {

    /** Pieces of the small images. */
    enum Unit {
        PIXEL(1, 1),
        /** Seven pixels of a row: {@code STRIP} of include/strips.cuh. */
        STRIP(7, 1),
        /** Eight: {@code LONG_STRIP} of include/strips.cuh. */
        LONG_STRIP(8, 1),
        /** A tile of include/strip_gradient.cuh with stride 2. */
        BLOCK_OF_7X7(7, 7),
        /** A tile of include/strip_gradient.cuh with stride 1. */
        BLOCK_OF_8X8(8, 8),
        /** A tile of include/tensor_core_stride_1.cuh and include/tensor_core_stride_1_gradient.cuh. */
        BLOCK_OF_16X8(16, 8),
        /** A tile of include/single_filter.cuh. */
        BLOCK_OF_32X16(32, 16);

        private final int width;
        private final int height;

        Unit(int width, int height) {
            this.width = width;
            this.height = height;
        }

        /** Number of pieces along {@code pixels} pixels of a row; the last one may be cut off. */
        int along(int pixels) {
            return (pixels + width - 1) / width;
        }

        /** Number of pieces along {@code pixels} pixels of a column. */
        int down(int pixels) {
            return (pixels + height - 1) / height;
        }

        boolean isStrip() {
            return this == STRIP || this == LONG_STRIP;
        }
    }

    /** Number of tiles that {@code count} rows take. */
    int downFor(int count) {
        return (count + rows - 1) / rows;
    }

    /** Number of tiles that {@code count} columns take. */
    int acrossFor(int count) {
        return (count + columns - 1) / columns;
    }
}
