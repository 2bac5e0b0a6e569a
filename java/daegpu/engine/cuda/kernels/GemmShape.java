package daegpu.engine.cuda.kernels;

import daegpu.engine.Loss;
import daegpu.engine.cuda.driver.KernelStruct;
import daegpu.model.Layer.Activation;

/**
 * {@code struct GemmShape} of include/implicit_gemm.cuh: the sizes of a product. Kernels that work on strips or tiles
 * of pixels count these instead of rows, and the divisors are for them.
 *
 * @param rows output pixels of a phase: images × gridHeight × gridWidth; or strips, or tiles
 * @param gridHeight output pixels of a phase in an image, along its height
 * @param gridWidth along its width
 * @param height of the images that values are gathered from
 * @param width of those
 * @param channels of those
 * @param columns channels of the images that are made
 * @param kernel rows, and columns, of the kernel
 * @param padding rows, and columns, of zeros before an image
 * @param stride pixels from one window to the next
 * @param splits number of parts of the depth, each summed by another block
 * @param epilogue what is done with the products
 * @param accumulates whether the old values of the output are added to them
 * @param activation the activation of the layer, if the loss follows
 * @param loss the loss, if it follows
 * @param scale factor of the loss's gradient
 * @param sumsPitch floats from one row of column sums to the next
 * @param byGrid divides by gridHeight × gridWidth; or by the strips or tiles of an image
 * @param byWidth divides by gridWidth; or by gridHeight for strips, or by the tiles in a row
 * @param byChannels divides by channels; or by the strips in a row
 */
record GemmShape(
        int rows,
        int gridHeight,
        int gridWidth,
        int height,
        int width,
        int channels,
        int columns,
        int kernel,
        int padding,
        int stride,
        int splits,
        Epilogue epilogue,
        boolean accumulates,
        Activation activation,
        Loss loss,
        float scale,
        int sumsPitch,
        Divisor byGrid,
        Divisor byWidth,
        Divisor byChannels)
        implements KernelStruct {

    @Override
    public int[] words() {
        return new int[] {
            rows,
            gridHeight,
            gridWidth,
            height,
            width,
            channels,
            columns,
            kernel,
            padding,
            stride,
            splits,
            epilogue.ordinal(),
            accumulates ? 1 : 0,
            activation.ordinal(),
            loss.ordinal(),
            Float.floatToRawIntBits(scale),
            sumsPitch,
            byGrid.multiplier(),
            byGrid.shift(),
            byWidth.multiplier(),
            byWidth.shift(),
            byChannels.multiplier(),
            byChannels.shift()
        };
    }
}
