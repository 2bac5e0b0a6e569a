package daegpu.data;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;

/**
 * The samples of a picture as they go into a file: a row of the pixels is read when the first of its samples is asked
 * for, and forgotten when one of another row is. Values below 0 are black, those above 1 white.
 */
final class PixelSamples extends DataBuffer {

    private final Pixels pixels;
    private final boolean alpha;
    private final int bands;
    private final Depth depth;
    private final float[] values;
    private final float[] transparency;
    private final int[] samples;
    /** The row whose samples are here. */
    private int current = -1;

    private PixelSamples(Pixels pixels, int type, boolean alpha) {
        super(type, pixels.height() * pixels.width() * bands(pixels, alpha));
        this.pixels = pixels;
        this.alpha = alpha;
        bands = bands(pixels, alpha);
        depth = type == TYPE_USHORT ? Depth.BITS_16 : Depth.BITS_8;
        values = new float[pixels.width() * pixels.channels()];
        transparency = new float[pixels.width()];
        samples = new int[pixels.width() * bands];
    }

    private static int bands(Pixels pixels, boolean alpha) {
        return pixels.channels() + (alpha ? 1 : 0);
    }

    /**
     * The picture for a writer of {@code ImageIO}, which may ask for its rows one after the other. Only PNG files have
     * 16 bits and alpha, of those that such a writer is for.
     */
    static BufferedImage image(Pixels pixels, PictureFormat format) {
        boolean all = format == PictureFormat.PNG;
        boolean alpha = all && pixels.hasAlpha();
        int type = all && pixels.depth() == Depth.BITS_16 ? TYPE_USHORT : TYPE_BYTE;
        PixelSamples samples = new PixelSamples(pixels, type, alpha);
        int[] offsets = new int[samples.bands];
        for (int band = 0; band < offsets.length; band++) {
            offsets[band] = band;
        }
        SampleModel layout = new PixelInterleavedSampleModel(
                type, pixels.width(), pixels.height(), samples.bands, pixels.width() * samples.bands, offsets);
        ColorSpace colours = ColorSpace.getInstance(pixels.channels() == 1 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB);
        ColorModel model = new ComponentColorModel(
                colours, alpha, false, alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE, type);
        return new BufferedImage(model, Raster.createWritableRaster(layout, samples, null), false, null);
    }

    @Override
    public int getElem(int bank, int place) {
        int row = place / samples.length;
        if (row != current) {
            current = -1; // in case reading fails
            read(row);
            current = row;
        }
        return samples[place - row * samples.length];
    }

    private void read(int row) {
        int channels = pixels.channels();
        pixels.read(row, 0, pixels.width(), values, 0);
        boolean transparent = pixels.hasAlpha();
        if (transparent) {
            pixels.readAlpha(row, transparency);
        }
        for (int x = 0; x < pixels.width(); x++) {
            for (int channel = 0; channel < channels; channel++) {
                float value = values[x * channels + channel];
                // What cannot be transparent in the file is shown on white.
                samples[x * bands + channel] =
                        depth.sample(transparent && !alpha ? transparency[x] * value + (1 - transparency[x]) : value);
            }
            if (alpha) {
                samples[x * bands + bands - 1] = depth.sample(transparency[x]);
            }
        }
    }

    @Override
    public void setElem(int bank, int place, int value) {
        throw new UnsupportedOperationException("these samples are only read");
    }
}
