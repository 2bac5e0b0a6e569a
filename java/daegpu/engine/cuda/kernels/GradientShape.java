package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.KernelStruct;

/**
 * {@code struct GradientShape} of include/weight_gradient.cuh: the sizes of a weight gradient. Kernels that work on
 * strips or tiles count these instead of pixels, and the divisors are for them.
 *
 * @param pixels number of pixels of all small images; or of strips, or of tiles
 * @param smallHeight rows of the small images, which are the output of a convolution
 * @param smallWidth columns of those
 * @param largeHeight rows of the large images, which are its input
 * @param largeWidth columns of those
 * @param channels of the large images
 * @param columns channels of the small ones
 * @param kernel rows, and columns, of the kernel
 * @param padding rows, and columns, of zeros before a large image
 * @param stride pixels of a large image from one window to the next
 * @param splits number of shares
 * @param share floats from one share to the next
 * @param biasAt where the bias gradient is in a share, or -1
 * @param byImage divides by smallHeight × smallWidth; or by the tiles of an image, or by the strips in a row
 * @param byWidth divides by smallWidth; or by the tiles in a row, or by smallHeight for strips
 * @param byChannels divides by channels
 */
record GradientShape(
        int pixels,
        int smallHeight,
        int smallWidth,
        int largeHeight,
        int largeWidth,
        int channels,
        int columns,
        int kernel,
        int padding,
        int stride,
        int splits,
        int share,
        int biasAt,
        Divisor byImage,
        Divisor byWidth,
        Divisor byChannels)
        implements KernelStruct {

    @Override
    public int[] words() {
        return new int[] {
            pixels,
            smallHeight,
            smallWidth,
            largeHeight,
            largeWidth,
            channels,
            columns,
            kernel,
            padding,
            stride,
            splits,
            share,
            biasAt,
            byImage.multiplier(),
            byImage.shift(),
            byWidth.multiplier(),
            byWidth.shift(),
            byChannels.multiplier(),
            byChannels.shift()
        };
    }
}
