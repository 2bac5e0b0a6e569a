package daegpu.model;

/**
 * The values that a network makes of one image at one place: the image itself, or what a layer puts out. They are
 * counted in row, column, channel order.
 *
 * @param name of the layer that puts it out, or of the image: unique in its network
 * @param height rows
 * @param width columns
 * @param channels values of a pixel
 */
public record Tensor(String name, int height, int width, int channels) {

    /** Values for one image: height × width × channels. */
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
