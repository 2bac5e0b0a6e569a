package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.layers.Planes;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Layer;
import daegpu.model.Tensor;

/**
 * How cuDNN wants the two sides of a layer: one plane of floats for each channel, its NCHW. cuDNN pads on both sides
 * alike, and a 'same' convolution of stride 2 has one row and column of zeros more after the image than before it; so
 * the image that it takes in lies in a plane with a border there. A transposed convolution computes that border, too,
 * and it is then left unread.
 */
final class SidePlanes {

    private SidePlanes() {}

    /**
     * What a convolution takes in, and a transposed one puts out: with the border that 'same' needs, and then rows of a
     * multiple of four floats, so that they can be written by 16 bytes.
     */
    static Planes large(Layer layer) {
        ConvolutionGeometry geometry = layer.geometry();
        int border = geometry.paddingBottom() - geometry.paddingTop();
        int width = geometry.width();
        return border == 0
                ? Planes.packed(geometry.channels(), geometry.height(), width)
                : new Planes(geometry.channels(), geometry.height(), width, border, (width + border + 3) / 4 * 4);
    }

    /** What a convolution puts out, and a transposed one takes in. */
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

    /** Without gaps. */
    static Planes packed(Tensor tensor) {
        return Planes.packed(tensor.channels(), tensor.height(), tensor.width());
    }
}
