package daegpu.data;

import java.util.Arrays;

/** A picture of colours in grey, or one of greys in colour. */
final class ConvertedPixels extends ChangedPixels {

    // Rec. 601, as in JPEG.
    private static final float RED = 0.299f;
    private static final float GREEN = 0.587f;
    private static final float BLUE = 0.114f;

    private final int channels;
    private float[] pixels = new float[0];

    /** @param channels 1 or 3, unlike those of the source */
    ConvertedPixels(Pixels source, int channels) {
        super(source);
        this.channels = channels;
    }

    /** The brightness of a colour, at most 1 if no channel is above it. */
    static float brightness(float red, float green, float blue) {
        float most = Math.max(1, Math.max(red, Math.max(green, blue)));
        return Math.min(most, RED * red + GREEN * green + BLUE * blue);
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public void read(int row, int column, int count, float[] values, int at) {
        int from = source().channels();
        if (pixels.length < count * from) {
            pixels = new float[count * from];
        }
        source().read(row, column, count, pixels, 0);
        for (int i = 0; i < count; i++) {
            if (channels == 3) {
                Arrays.fill(values, at + 3 * i, at + 3 * i + 3, pixels[i]);
            } else {
                float red = pixels[3 * i];
                float green = pixels[3 * i + 1];
                float blue = pixels[3 * i + 2];
                // The weights add up to one, but not in every rounding.
                values[at + i] = red == green && red == blue ? red : brightness(red, green, blue);
            }
        }
    }
}
