package daegpu.engine.cpu;

import daegpu.model.Layer;
import daegpu.model.Layer.Operation;

/**
 * A strided 'same' convolution as oneDNN describes one. A transposed layer is the gradient of the convolution that goes
 * the other way: that convolution stands here, and what the layer puts out is its input side.
 *
 * @param batch images
 * @param height height of the input side in pixels
 * @param width width of the input side in pixels
 * @param channels channels of the input side
 * @param outputHeight height of the output side in pixels
 * @param outputWidth width of the output side in pixels
 * @param filters channels of the output side
 * @param kernelSize height and width of the kernel
 * @param stride step in pixels
 * @param paddingBefore rows above and columns left of the image
 * @param paddingAfter rows below and columns right of the image
 */
record Convolution(
        int batch,
        int height,
        int width,
        int channels,
        int outputHeight,
        int outputWidth,
        int filters,
        int kernelSize,
        int stride,
        int paddingBefore,
        int paddingAfter) {

    /** The convolution that {@code layer} is, or whose gradient it is. */
    static Convolution of(Layer layer, int batch) {
        // Sizes are multiples of the stride, so that the padding is kernel − stride in all, and never negative.
        int before = layer.paddingBefore();
        int after = Math.max(layer.kernelSize() - layer.stride(), 0) - before;
        if (layer.operation() == Operation.TRANSPOSED_CONVOLUTION) {
            return new Convolution(
                    batch,
                    layer.outputHeight(),
                    layer.outputWidth(),
                    layer.outputChannels(),
                    layer.inputHeight(),
                    layer.inputWidth(),
                    layer.inputChannels(),
                    layer.kernelSize(),
                    layer.stride(),
                    before,
                    after);
        }
        return new Convolution(
                batch,
                layer.inputHeight(),
                layer.inputWidth(),
                layer.inputChannels(),
                layer.outputHeight(),
                layer.outputWidth(),
                layer.outputChannels(),
                layer.kernelSize(),
                layer.stride(),
                before,
                after);
    }

    /** Values on the input side. */
    long inputSize() {
        return (long) batch * height * width * channels;
    }

    /** Both steps, for oneDNN. */
    long[] strides() {
        return new long[] {stride, stride};
    }

    /** Padding above and left, for oneDNN. */
    long[] paddingLeft() {
        return new long[] {paddingBefore, paddingBefore};
    }

    /** Padding below and right, for oneDNN. */
    long[] paddingRight() {
        return new long[] {paddingAfter, paddingAfter};
    }
}
