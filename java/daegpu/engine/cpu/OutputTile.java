package daegpu.engine.cpu;

import daegpu.model.Layer;

/**
 * A block of pixels of the last layer that are computed together. That layer puts out one or three channels a pixel,
 * far fewer than a vector register holds, and would leave most of it idle. So a tile's pixels become the channels of
 * one pixel of a convolution with a larger kernel, as large as all windows of the tile together, and a stride of the
 * size of the tile.
 *
 * @param height rows of a tile
 * @param width columns of a tile
 */
record OutputTile(int height, int width) {

    /**
     * The tile that takes the fewest vector multiplications a pixel: window of the tile × vectors for its values /
     * pixels.
     *
     * @param layer a convolution of stride 1, transposed or not
     * @param vectorFloats floats in a vector register of this processor
     * @param largest rows and columns of a tile at most
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

    /** Values in a tile: height × width × channels. */
    int values(Layer layer) {
        return height * width * layer.outputChannels();
    }
}
