package daegpu.engine.cuda.layers;

import daegpu.model.Layer;
import daegpu.model.Layer.Operation;

/**
 * How images lie in device memory: one plane of floats for each channel, in the order of cuDNN's NCHW, each perhaps
 * larger than the image. cuDNN pads on both sides alike, and a 'same' convolution of stride 2 has one row and column of
 * zeros more behind the image than before it; so its image lies in a plane with a border there. A transposed
 * convolution computes that border, too, and it is then left unread.
 *
 * @param channels planes of an image
 * @param height rows of the image
 * @param width columns of the image
 * @param border rows, and columns, behind the image
 * @param pitch floats from one row to the next
 */
public record Planes(int channels, int height, int width, int border, int pitch) {

    /** Without gaps. */
    public static Planes packed(int channels, int height, int width) {
        return new Planes(channels, height, width, 0, width);
    }

    /**
     * In the program's own order, pixel by pixel: the channels of a row's pixels are one long row of a single plane.
     */
    public static Planes pixels(int height, int width, int channels) {
        return packed(1, height, width * channels);
    }

    /**
     * What a convolution takes in, and a transposed one puts out: with the border that 'same' needs, and then rows of a
     * multiple of four floats, so that they can be written by 16 bytes.
     */
    public static Planes largeSide(Layer layer) {
        boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
        int channels = transposed ? layer.outputChannels() : layer.inputChannels();
        int height = transposed ? layer.outputHeight() : layer.inputHeight();
        int width = transposed ? layer.outputWidth() : layer.inputWidth();
        int small = transposed ? layer.inputHeight() : layer.outputHeight();
        int padding = Math.max((small - 1) * layer.stride() + layer.kernelSize() - height, 0);
        int border = padding - 2 * layer.paddingBefore();
        return border == 0
                ? packed(channels, height, width)
                : new Planes(channels, height, width, border, (width + border + 3) / 4 * 4);
    }

    /** What a convolution puts out, and a transposed one takes in. */
    public static Planes smallSide(Layer layer) {
        return layer.operation() == Operation.TRANSPOSED_CONVOLUTION
                ? packed(layer.inputChannels(), layer.inputHeight(), layer.inputWidth())
                : packed(layer.outputChannels(), layer.outputHeight(), layer.outputWidth());
    }

    /** Floats from one plane to the next. */
    public int plane() {
        return (height + border) * pitch;
    }

    /** Floats of an image, gaps included. */
    public int size() {
        return channels * plane();
    }

    /** Values of an image. */
    public int values() {
        return channels * height * width;
    }

    private boolean isPacked() {
        return border == 0 && pitch == width;
    }

    /**
     * How a kernel walks over the same pixels of several planes at once: rows of steps of one or four floats.
     *
     * @param rows rows of a plane
     * @param steps steps of a row
     * @param vector whether a step is four floats
     * @param pitches floats from row to row of each of the planes, in their order
     */
    public record Walk(int rows, int steps, boolean vector, int[] pitches) {}

    /** The walk over planes of one height and width; those without gaps are one long row. */
    public static Walk walk(Planes... planes) {
        boolean packed = true;
        boolean aligned = true;
        for (Planes each : planes) {
            packed &= each.isPacked();
        }
        int rows = packed ? 1 : planes[0].height;
        int width = packed ? planes[0].height * planes[0].width : planes[0].width;
        int[] pitches = new int[planes.length];
        for (int i = 0; i < planes.length; i++) {
            pitches[i] = packed ? width : planes[i].pitch;
            aligned &= pitches[i] % 4 == 0 && planes[i].plane() % 4 == 0;
        }
        boolean vector = aligned && width % 4 == 0;
        return new Walk(rows, vector ? width / 4 : width, vector, pitches);
    }
}
