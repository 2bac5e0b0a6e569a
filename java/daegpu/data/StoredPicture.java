package daegpu.data;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * One picture of any size in the samples of its file, whole numbers of a byte or two each or floats, which are scaled
 * when they are read.
 */
final class StoredPicture implements Pixels {

    private final Raster raster;
    /** The colours of a palette; null where samples are no entries of one. */
    private final IndexColorModel palette;

    private final Orientation orientation;
    private final int channels;
    private final String format;
    private final Depth depth;
    /** What 1 is as a sample of a file. */
    private final int largest;

    /** Of floats; null of whole numbers. */
    private final ValueRange range;
    /** The greatest sample, by band; of no use for floats. */
    private final int[] most;

    private final boolean hasAlpha;
    private int[] samples = new int[0];
    private float[] floats = new float[0];

    /**
     * A picture of whole numbers.
     *
     * @param picture as it was decoded
     * @param orientation how it is turned upright
     * @param channels 1 or 3, as its file has it
     */
    StoredPicture(BufferedImage picture, Orientation orientation, int channels, String format) {
        this(picture, orientation, channels, format, 16);
    }

    /**
     * The same.
     *
     * @param bits of samples that were decoded as though they had 16
     */
    StoredPicture(BufferedImage picture, Orientation orientation, int channels, String format, int bits) {
        this(picture.getRaster(), picture.getColorModel(), orientation, channels, format, bits, null);
    }

    /**
     * A picture of floats.
     *
     * @param range the values that become 0 and 1
     */
    static StoredPicture ofFloats(
            Raster raster, ColorModel model, Orientation orientation, int channels, String format, ValueRange range) {
        return new StoredPicture(raster, model, orientation, channels, format, 16, range);
    }

    private StoredPicture(
            Raster raster,
            ColorModel model,
            Orientation orientation,
            int channels,
            String format,
            int bits,
            ValueRange range) {
        this.raster = raster;
        palette = model instanceof IndexColorModel indexed ? indexed : null;
        this.orientation = orientation;
        this.channels = channels;
        this.format = format;
        this.range = range;
        int[] sizes = raster.getSampleModel().getSampleSize();
        depth = range != null || palette == null && sizes[0] == 16 ? Depth.BITS_16 : Depth.BITS_8;
        largest = depth.white();
        most = new int[sizes.length];
        for (int band = 0; band < most.length; band++) {
            most[band] = (1 << (sizes[band] == 16 ? bits : Math.min(sizes[band], 16))) - 1;
        }
        hasAlpha = model.hasAlpha() && !isOpaque();
    }

    private boolean isOpaque() {
        float[] alpha = new float[width()];
        for (int row = 0; row < height(); row++) {
            readChannels(row, 0, alpha.length, alpha, 0, 3, 1);
            for (float value : alpha) {
                if (value != 1) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public int height() {
        return orientation.height(raster.getHeight(), raster.getWidth());
    }

    @Override
    public int width() {
        return orientation.width(raster.getHeight(), raster.getWidth());
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public Depth depth() {
        return depth;
    }

    @Override
    public ValueRange range() {
        return range;
    }

    @Override
    public String format() {
        return format;
    }

    @Override
    public void read(int row, int column, int count, float[] values, int at) {
        readChannels(row, column, count, values, at, 0, channels);
    }

    @Override
    public boolean hasAlpha() {
        return hasAlpha;
    }

    @Override
    public void readAlpha(int row, float[] alpha) {
        readChannels(row, 0, width(), alpha, 0, 3, 1);
    }

    /**
     * Reads some channels of some pixels of a row. Looks at the samples themselves: colour models bend grey by a gamma
     * curve.
     *
     * @param first of red, green, blue and alpha
     * @param wanted how many of them
     */
    private void readChannels(int row, int column, int count, float[] values, int at, int first, int wanted) {
        int bands = raster.getNumBands();
        int storedRow = orientation.rowsReversed() ? height() - 1 - row : row;
        boolean reversed = orientation.columnsReversed();
        int storedColumn = reversed ? width() - column - count : column;
        int x = orientation.turned() ? storedRow : storedColumn;
        int y = orientation.turned() ? storedColumn : storedRow;
        int across = orientation.turned() ? 1 : count;
        int down = orientation.turned() ? count : 1;
        if (range != null) {
            floats = floats.length < count * bands ? new float[count * bands] : floats;
            raster.getPixels(x, y, across, down, floats);
        } else {
            samples = samples.length < count * bands ? new int[count * bands] : samples;
            raster.getPixels(x, y, across, down, samples);
        }
        for (int i = 0; i < count; i++) {
            int from = (reversed ? count - 1 - i : i) * bands;
            for (int c = 0; c < wanted; c++) {
                values[at + i * wanted + c] = range != null
                        ? ofFloats(from, bands, first + c)
                        : sample(from, bands, first + c) / (float) largest;
            }
        }
    }

    /** One channel of a pixel of floats; alpha is not scaled. */
    private float ofFloats(int from, int bands, int channel) {
        if (channel == 3) {
            return bands == 2 || bands == 4 ? floats[from + bands - 1] : 1;
        }
        return range.scaled(floats[from + (bands < 3 ? 0 : channel)]);
    }

    /**
     * One channel of a pixel, 0 to {@link #largest}.
     *
     * @param from where its samples begin
     */
    private int sample(int from, int bands, int channel) {
        if (palette != null) {
            return palette.getRGB(samples[from]) >>> (channel == 3 ? 24 : 16 - 8 * channel) & 0xFF;
        }
        if (channel == 3) {
            return bands == 2 || bands == 4 ? scaled(from, bands - 1) : largest;
        }
        return scaled(from, bands < 3 ? 0 : channel);
    }

    private int scaled(int from, int band) {
        int sample = samples[from + band];
        return most[band] == largest
                ? sample
                : (int) (((long) Math.min(sample, most[band]) * largest + most[band] / 2) / most[band]);
    }
}
