package daegpu.model;

/**
 * The values of one image at one place of a network: the image itself, or the output of a layer. They are in row,
 * column, channel order.
 *
 * @param name that of the layer whose output it is, or of the image; unique in its network
 * @param height rows
 * @param width columns
 * @param channels number of values of a pixel
 */
public record Tensor(String name, int height, int width, int channels) {

    /** Number of values of one image: height × width × channels. */
    public int size() {
        return Math.multiplyExact(Math.multiplyExact(height, width), channels);
    }

    /** Whether the other one has the same height, width and channels. */
    public boolean hasShapeOf(Tensor other) {
        return height == other.height && width == other.width && channels == other.channels;
    }

    /** {@code conv1 14x14x32}. */
    @Override
    public String toString() {
        return name + " " + height + "x" + width + "x" + channels;
    }
}
