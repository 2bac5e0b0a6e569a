package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientTarget;
import java.util.Optional;

/**
 * Completes a gradient that no data gradient completes: cuda/gradient_sum.cu.
 *
 * @param target the gradient
 * @param rows number of pixels of the batch
 * @param columns number of channels
 * @param blocks number of blocks along the rows, each of which stores a row of sums
 */
record SumKernel(GradientTarget target, int rows, int columns, int blocks) {

    /** Number of rows that a block takes at a time, one with each of its warps. */
    private static final int ROWS = 4;
    /** Number of columns of a block. */
    private static final int COLUMNS = 32;
    /** The largest number of blocks along the rows. */
    private static final int MOST_BLOCKS = 64;

    static SumKernel of(GradientTarget target, int count) {
        int rows = count * target.maker().outputHeight() * target.maker().outputWidth();
        return new SumKernel(
                target, rows, target.maker().outputChannels(), Math.min(MOST_BLOCKS, (rows + ROWS - 1) / ROWS));
    }

    /** Floats from one row of sums to the next. */
    int sumsPitch() {
        return ImplicitGemm.pieces(columns) * ImplicitGemm.PIECE;
    }

    /** Enqueues it on the device's stream. */
    void launch(KernelLibrary kernels, Optional<DeviceArray> sums) {
        kernels.launch(
                LayerKernel.GRADIENT_SUM,
                Grid.blocks(blocks, (columns + COLUMNS - 1) / COLUMNS, 1),
                new KernelArguments()
                        .add(target.accumulates() ? 1 : 0)
                        .add(target.terms().stream().findFirst().map(DeviceTensor::memory))
                        .add(target.activationValues().map(DeviceTensor::memory))
                        .add(target.gradient().memory())
                        .add(rows)
                        .add(columns)
                        .add(target.activation().ordinal())
                        .add(sums)
                        .add(sumsPitch()));
    }
}
