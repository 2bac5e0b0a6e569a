package daegpu.data;

import com.twelvemonkeys.image.ResampleOp;
import java.awt.image.BufferedImage;
import java.util.Arrays;

/**
 * One picture of any size, upright, as it was in a file.
 *
 * @param height in pixels
 * @param width in pixels
 * @param channels 1 for grey, 3 for red, green and blue
 * @param values {@code [height, width, channels]} in [0, 1]; those that were corrupted or denoised may lie outside
 * @param alpha {@code [height, width]} in [0, 1]; null if every pixel is opaque
 * @param depth of a sample in the file; fewer than 8 bits count as 8
 * @param format the {@link PictureFormat#id} of the file
 */
public record Photo(int height, int width, int channels, float[] values, float[] alpha, Depth depth, String format)
        implements Pixels {

    /**
     * What it takes to read and denoise a picture, bytes a value: itself, its file, its channels apart, and what they
     * become.
     */
    private static final int BYTES_A_VALUE = 4 + 2 + 4 + 8;

    /** The largest number of bytes that reading a picture and denoising it takes. */
    public static long memory(int height, int width, int channels) {
        return (long) height * width * channels * BYTES_A_VALUE;
    }

    /** The whole picture as floats; {@code picture} itself if it is a {@link Photo}. */
    public static Photo of(Pixels picture) {
        if (picture instanceof Photo photo) {
            return photo;
        }
        float[] alpha = null;
        if (picture.hasAlpha()) {
            alpha = new float[picture.height() * picture.width()];
            float[] row = new float[picture.width()];
            for (int y = 0; y < picture.height(); y++) {
                picture.readAlpha(y, row);
                System.arraycopy(row, 0, alpha, y * row.length, row.length);
            }
        }
        return new Photo(
                picture.height(),
                picture.width(),
                picture.channels(),
                picture.values(),
                alpha,
                picture.depth(),
                picture.format());
    }

    @Override
    public void read(int row, int column, int count, float[] into, int at) {
        System.arraycopy(values, (row * width + column) * channels, into, at, count * channels);
    }

    @Override
    public boolean hasAlpha() {
        return alpha != null;
    }

    @Override
    public void readAlpha(int row, float[] into) {
        if (alpha == null) {
            Arrays.fill(into, 0, width, 1);
        } else {
            System.arraycopy(alpha, row * width, into, 0, width);
        }
    }

    @Override
    public Photo withChannels(int wanted) {
        if (wanted == channels) {
            return this;
        }
        return withValues(wanted, new ConvertedPixels(this, wanted).values());
    }

    /** The same picture with other pixels in the same places; {@code newValues} may have another number of channels. */
    public Photo withValues(int newChannels, float[] newValues) {
        return new Photo(height, width, newChannels, newValues, alpha, depth, format);
    }

    /** The picture scaled to another size without keeping its proportions, and rounded to 8 bits. */
    public Photo resized(int newHeight, int newWidth) {
        if (newHeight == height && newWidth == width) {
            return this;
        }
        return new Photo(
                newHeight,
                newWidth,
                channels,
                resample(channels, integers(values, Depth.BITS_8), newHeight, newWidth),
                alpha == null ? null : resample(1, integers(alpha, Depth.BITS_8), newHeight, newWidth),
                Depth.BITS_8,
                format);
    }

    /** The largest part around the middle with the proportions of the given size, scaled to that size. */
    public Photo cropped(int newHeight, int newWidth) {
        int partHeight = height;
        int partWidth = width;
        if ((long) width * newHeight > (long) height * newWidth) {
            partWidth = Math.max(1, (int) Math.round((double) height * newWidth / newHeight));
        } else {
            partHeight = Math.max(1, (int) Math.round((double) width * newHeight / newWidth));
        }
        return part((height - partHeight) / 2, (width - partWidth) / 2, partHeight, partWidth)
                .resized(newHeight, newWidth);
    }

    private Photo part(int top, int left, int partHeight, int partWidth) {
        return new Photo(
                partHeight,
                partWidth,
                channels,
                part(values, channels, top, left, partHeight, partWidth),
                alpha == null ? null : part(alpha, 1, top, left, partHeight, partWidth),
                depth,
                format);
    }

    private float[] part(float[] from, int samples, int top, int left, int partHeight, int partWidth) {
        float[] part = new float[partHeight * partWidth * samples];
        for (int y = 0; y < partHeight; y++) {
            System.arraycopy(
                    from, ((top + y) * width + left) * samples, part, y * partWidth * samples, partWidth * samples);
        }
        return part;
    }

    /**
     * A triangle as wide as a pixel of the smaller picture, so that every pixel counts; never a negative weight. Greys
     * go as red, green and blue: the resampler would bend them by a gamma curve.
     */
    private float[] resample(int samples, byte[] pixels, int newHeight, int newWidth) {
        BufferedImage from = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int at = (y * width + x) * samples;
                row[x] = (pixels[at] & 0xFF) << 16
                        | (pixels[at + samples / 2] & 0xFF) << 8
                        | pixels[at + samples - 1] & 0xFF;
            }
            from.getRaster().setDataElements(0, y, width, 1, row);
        }
        BufferedImage to = new ResampleOp(newWidth, newHeight, ResampleOp.FILTER_TRIANGLE)
                .filter(from, new BufferedImage(newWidth, newHeight, BufferedImage.TYPE_INT_RGB));
        float[] result = new float[newHeight * newWidth * samples];
        for (int i = 0; i < result.length; i++) {
            int pixel = i / samples;
            int rgb = to.getRGB(pixel % newWidth, pixel / newWidth);
            result[i] = (rgb >> 16 - 8 * (i % samples) & 0xFF) / 255f;
        }
        return result;
    }

    /** The picture as an image for a network, without alpha, each value rounded to the nearest value of this depth. */
    public ImageSet toImageSet(Depth newDepth) {
        return new ImageSet(height, width, channels, newDepth, integers(values, newDepth));
    }

    private static byte[] integers(float[] from, Depth depth) {
        byte[] integers = new byte[from.length * depth.bytes()];
        depth.unscale(from, from.length, integers, 0);
        return integers;
    }
}
