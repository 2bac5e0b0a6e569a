package daegpu.data;

/**
 * The pixels of one picture of any size, upright, which are read row by row, so that not all of them have to be in
 * memory as floats. One thread at a time may read them.
 */
public interface Pixels {

    /** Size in pixels. */
    int height();

    /** Size in pixels. */
    int width();

    /** Number of channels: 1 for grey, 3 for red, green and blue. */
    int channels();

    /**
     * The depth of a sample in the file from which the picture comes, 16 for floats; a file to which it is written has
     * the same depth, if its format can.
     */
    Depth depth();

    /**
     * The values of the file that are 0 and 1 here, where it has floats; a TIFF file to which the picture is written
     * then has floats in the same range, and other files have values of the {@link #depth}, cut to 0 to 1. Null where
     * the file has whole numbers.
     */
    default ValueRange range() {
        return null;
    }

    /** The {@link PictureFormat#id} of the file from which the picture comes. */
    String format();

    /**
     * Reads some pixels of a row.
     *
     * @param row from the top, 0 for the first
     * @param column the first pixel, from the left
     * @param count number of pixels
     * @param values receives {@code [count, channels]}, in [0, 1], or around it if they were corrupted or denoised, or
     *     were floats in the file
     * @param at index in {@code values} of the first value
     */
    void read(int row, int column, int count, float[] values, int at);

    /** All of them, {@code [height, width, channels]}, as {@link #read} gives them. */
    default float[] values() {
        int line = width() * channels();
        float[] values = new float[height() * line];
        for (int row = 0; row < height(); row++) {
            read(row, 0, width(), values, row * line);
        }
        return values;
    }

    /** Whether there is a pixel that is not opaque. */
    boolean hasAlpha();

    /**
     * Reads the alpha of a row.
     *
     * @param alpha receives {@code [width]}, in [0, 1]; 1 if the picture has no alpha
     */
    void readAlpha(int row, float[] alpha);

    /** Whether the channels of every pixel are equal. */
    default boolean isGrey() {
        if (channels() == 1) {
            return true;
        }
        float[] values = new float[width() * channels()];
        for (int row = 0; row < height(); row++) {
            read(row, 0, width(), values, 0);
            for (int i = 0; i < values.length; i += 3) {
                if (values[i] != values[i + 1] || values[i] != values[i + 2]) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * The same in grey or colour: of a colour its brightness, 0.299 R + 0.587 G + 0.114 B (Rec. 601), of a grey three
     * equal channels. Three equal channels are left as they are.
     *
     * @param wanted 1 or 3
     */
    default Pixels withChannels(int wanted) {
        return wanted == channels() ? this : new ConvertedPixels(this, wanted);
    }
}
