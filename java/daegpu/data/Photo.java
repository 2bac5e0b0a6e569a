package daegpu.data;

import java.util.Arrays;

/**
 * One picture of any size, upright, as it was in a file.
 *
 * @param height in pixels
 * @param width in pixels
 * @param channels 1 for grey, 3 for red, green and blue
 * @param values {@code [height, width, channels]} in [0, 1]; those that were corrupted or denoised, or were floats in
 *     the file, may lie outside
 * @param alpha {@code [height, width]} in [0, 1]; null if every pixel is opaque
 * @param depth of a sample in the file; fewer than 8 bits count as 8, floats as 16
 * @param format the {@link PictureFormat#id} of the file
 * @param range the values of the file that are 0 and 1 here, where it has floats; else null
 */
public record Photo(
        int height,
        int width,
        int channels,
        float[] values,
        float[] alpha,
        Depth depth,
        String format,
        ValueRange range)
        implements Pixels {

    /**
     * What it takes to read and denoise a picture, bytes a value: itself, its file, its channels apart, and what they
     * become.
     */
    private static final int BYTES_A_VALUE = 4 + 2 + 4 + 8;

    /** A picture of whole numbers. */
    public Photo(int height, int width, int channels, float[] values, float[] alpha, Depth depth, String format) {
        this(height, width, channels, values, alpha, depth, format, null);
    }

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
                picture.format(),
                picture.range());
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
        return new Photo(height, width, newChannels, newValues, alpha, depth, format, range);
    }

    /** The picture scaled to another size without keeping its proportions. */
    public Photo resized(int newHeight, int newWidth) {
        if (newHeight == height && newWidth == width) {
            return this;
        }
        return new Photo(
                newHeight,
                newWidth,
                channels,
                resized(values, channels, newHeight, newWidth),
                alpha == null ? null : resized(alpha, 1, newHeight, newWidth),
                depth,
                format,
                range);
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
                format,
                range);
    }

    private float[] part(float[] from, int samples, int top, int left, int partHeight, int partWidth) {
        float[] part = new float[partHeight * partWidth * samples];
        for (int y = 0; y < partHeight; y++) {
            System.arraycopy(
                    from, ((top + y) * width + left) * samples, part, y * partWidth * samples, partWidth * samples);
        }
        return part;
    }

    private float[] resized(float[] from, int samples, int newHeight, int newWidth) {
        float[] wide = new Resampling(width, newWidth).apply(from, height, samples);
        return new Resampling(height, newHeight).apply(wide, 1, newWidth * samples);
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
