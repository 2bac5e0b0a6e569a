package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.layers.Planes;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Layer;
import daegpu.model.Tensor;

/**
 * The layouts of the two sides of a layer for cuDNN: one plane of floats for each channel (NCHW). cuDNN pads both sides
 * of an image alike, but a 'same' convolution of stride 2 has one more row and column of zeros after the image than
 * before it. So its input lies in planes with a border after the image. A transposed convolution computes that border
 * as well, and it is not read.
 */
final class SidePlanes {

    private SidePlanes() {}

    /**
     * The input of a convolution, and the output of a transposed convolution: with the border that 'same' needs and, if
     * there is one, rows of a multiple of four floats, so that they can be written by 16 bytes.
     */
    static Planes large(Layer layer) {
        ConvolutionGeometry geometry = layer.geometry();
        int border = geometry.paddingBottom() - geometry.paddingTop();
        int width = geometry.width();
        return border == 0
                ? Planes.packed(geometry.channels(), geometry.height(), width)
                : new Planes(geometry.channels(), geometry.height(), width, border, (width + border + 3) / 4 * 4);
    }

    /** The output of a convolution, and the input of a transposed convolution. */
    static Planes small(Layer layer) {
        ConvolutionGeometry geometry = layer.geometry();
        return Planes.packed(geometry.filters(), geometry.outputHeight(), geometry.outputWidth());
    }

    /** What a layer computes, before bias and activation, and the gradient at that. */
    static Planes output(Layer layer) {
        return switch (layer.operation()) {
            case CONVOLUTION -> small(layer);
            case TRANSPOSED_CONVOLUTION -> large(layer);
            case DENSE -> packed(layer.output());
        };
    }

    /** The data gradient of a layer, before anything is added. */
    static Planes dataGradient(Layer layer) {
        return switch (layer.operation()) {
            case CONVOLUTION -> large(layer);
            case TRANSPOSED_CONVOLUTION -> small(layer);
            case DENSE -> packed(layer.input());
        };
    }

    /** Planes without gaps. */
    static Planes packed(Tensor tensor) {
        return Planes.packed(tensor.channels(), tensor.height(), tensor.width());
    }
}
