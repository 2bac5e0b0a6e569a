package daegpu.engine.cuda.layers;

/**
 * The layout of images in device memory: one plane of floats for each channel, which may be larger than the image; or
 * the program's own order, which is a single plane whose columns are the channels of pixels.
 *
 * @param channels number of planes of an image
 * @param height rows of the image
 * @param width columns of the image
 * @param border number of rows, and of columns, after the image
 * @param pitch floats from one row to the next
 */
public record Planes(int channels, int height, int width, int border, int pitch) {

    /** Planes without gaps. */
    public static Planes packed(int channels, int height, int width) {
        return new Planes(channels, height, width, 0, width);
    }

    /**
     * The program's own order, pixel by pixel: the channels of all pixels of a row form one long row of a single plane.
     */
    public static Planes pixels(int height, int width, int channels) {
        return packed(1, height, width * channels);
    }

    /** Number of floats from one plane to the next. */
    public int plane() {
        return (height + border) * pitch;
    }

    /** Number of floats of an image with its gaps. */
    public int size() {
        return channels * plane();
    }

    /** Number of values of an image. */
    public int values() {
        return channels * height * width;
    }

    private boolean isPacked() {
        return border == 0 && pitch == width;
    }

    /**
     * How a kernel walks over the same pixels of several planes at once: rows of steps of one or four floats.
     *
     * @param rows number of rows of a plane
     * @param steps number of steps in a row
     * @param vector whether a step is four floats
     * @param pitches floats from row to row of each of the planes, in their order
     */
    public record Walk(int rows, int steps, boolean vector, int[] pitches) {}

    /** The walk over planes of the same height and width. Planes without gaps are one long row. */
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
