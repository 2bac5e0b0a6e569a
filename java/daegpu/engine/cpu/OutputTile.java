package daegpu.engine.cpu;

import daegpu.model.Layer;

/**
 * A block of pixels of the last layer that are computed together. The output of that layer has one or three channels,
 * far fewer than the floats of a vector register, most of which would be idle. So the pixels of a tile become the
 * channels of one pixel of another convolution, whose kernel is as large as all windows of the tile together, and whose
 * stride is the size of the tile.
 *
 * @param height rows of a tile
 * @param width columns of a tile
 */
record OutputTile(int height, int width) {

    /**
     * The tile with the fewest vector multiplications for each pixel: size of its window × vectors that hold its values
     * / pixels.
     *
     * @param layer a convolution of stride 1, transposed or not
     * @param vectorFloats number of floats in a vector register of this processor
     * @param largest the largest number of rows and columns of a tile
     */
    static OutputTile best(Layer layer, int vectorFloats, int largest) {
        OutputTile best = new OutputTile(1, 1);
        for (int height = 1; height <= largest; height++) {
            for (int width = 1; width <= height; width++) {
                OutputTile tile = new OutputTile(height, width);
                if (layer.outputHeight() % height == 0
                        && layer.outputWidth() % width == 0
                        && tile.cost(layer, vectorFloats) < best.cost(layer, vectorFloats)) {
                    best = tile;
                }
            }
        }
        return best;
    }

    private double cost(Layer layer, int vectorFloats) {
        int window = (layer.kernelSize() + height - 1) * (layer.kernelSize() + width - 1);
        int vectors = (values(layer) + vectorFloats - 1) / vectorFloats;
        return (double) window * vectors / (height * width);
    }

    /** Number of values in a tile: height × width × channels. */
    int values(Layer layer) {
        return height * width * layer.outputChannels();
    }
}
