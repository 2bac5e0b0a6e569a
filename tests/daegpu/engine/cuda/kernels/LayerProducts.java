package daegpu.engine.cuda.kernels;

import daegpu.model.Layer;
import daegpu.model.Layer.Operation;

/**
 * The products of a layer, written out: a convolution goes from its large images to its small ones, a transposed one
 * the other way, and a dense layer is a 1×1 convolution of images of one pixel. Images are {@code [count, height,
 * width, channels]}, weights {@code [kernel size, kernel size, channels of the large images, channels of the small
 * ones]}.
 */
final class LayerProducts {

    /** A value of the large images meets one of the small ones at a weight. */
    interface Visitor {
        void visit(int inLarge, int inSmall, int inWeights);
    }

    private final Layer layer;
    private final int count;
    private final int smallHeight;
    private final int smallWidth;
    private final int largeHeight;
    private final int largeWidth;
    private final int largeChannels;
    private final int smallChannels;

    LayerProducts(Layer layer, int count) {
        this.layer = layer;
        this.count = count;
        boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
        smallHeight = transposed ? layer.inputHeight() : layer.outputHeight();
        smallWidth = transposed ? layer.inputWidth() : layer.outputWidth();
        largeHeight = transposed ? layer.outputHeight() : layer.inputHeight();
        largeWidth = transposed ? layer.outputWidth() : layer.inputWidth();
        largeChannels = transposed ? layer.outputChannels() : layer.inputChannels();
        smallChannels = transposed ? layer.inputChannels() : layer.outputChannels();
    }

    int smallChannels() {
        return smallChannels;
    }

    /** Values of all large images. */
    int large() {
        return count * largeHeight * largeWidth * largeChannels;
    }

    /** Values of all small images. */
    int small() {
        return count * smallHeight * smallWidth * smallChannels;
    }

    int weights() {
        return layer.kernelSize() * layer.kernelSize() * largeChannels * smallChannels;
    }

    /** Every product of the layer. */
    void visit(Visitor visitor) {
        int k = layer.kernelSize();
        for (int n = 0; n < count; n++) {
            for (int i = 0; i < smallHeight * smallWidth; i++) {
                for (int tap = 0; tap < k * k; tap++) {
                    int y = i / smallWidth * layer.stride() + tap / k - padding(largeHeight);
                    int x = i % smallWidth * layer.stride() + tap % k - padding(largeWidth);
                    if (y >= 0 && y < largeHeight && x >= 0 && x < largeWidth) {
                        int inLarge = ((n * largeHeight + y) * largeWidth + x) * largeChannels;
                        int inSmall = (n * smallHeight * smallWidth + i) * smallChannels;
                        for (int c = 0; c < largeChannels; c++) {
                            for (int s = 0; s < smallChannels; s++) {
                                visitor.visit(inLarge + c, inSmall + s, (tap * largeChannels + c) * smallChannels + s);
                            }
                        }
                    }
                }
            }
        }
    }

    /** TensorFlow's rule for 'same', written out again. */
    private int padding(int size) {
        int steps = (size + layer.stride() - 1) / layer.stride();
        return Math.max((steps - 1) * layer.stride() + layer.kernelSize() - size, 0) / 2;
    }
}
