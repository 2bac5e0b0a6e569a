package daegpu.denoise;

import daegpu.data.ChangedPixels;
import daegpu.data.Photo;
import daegpu.data.Pixels;
import daegpu.data.Sha256;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * Noise for a picture that is not in a data set. Which random numbers it draws follows from its pixels, and so does not
 * depend on other pictures or on their order.
 */
public final class PictureNoise {

    /** Number of images of a data set that have subsequences of Philox of their own. */
    private static final long PLACES = 1L << 40;

    private PictureNoise() {}

    /** The picture with noise; alpha is not changed. */
    public static Photo add(Noise noise, long seed, Photo clean) {
        Pixels noisy = add(noise, seed, (Pixels) clean);
        return clean.withValues(clean.channels(), noisy.values());
    }

    /**
     * The same for a picture that is read row by row. Noise is drawn for the rows that are read, and is the same each
     * time.
     */
    public static Pixels add(Noise noise, long seed, Pixels clean) {
        return new NoisyPixels(noise, seed, Philox.VALIDATION + place(clean), clean);
    }

    private static final class NoisyPixels extends ChangedPixels {
        private final Noise noise;
        private final long seed;
        private final long index;

        NoisyPixels(Noise noise, long seed, long index, Pixels clean) {
            super(clean);
            this.noise = noise;
            this.seed = seed;
            this.index = index;
        }

        @Override
        public void read(int row, int column, int count, float[] values, int at) {
            source().read(row, column, count, values, at);
            int size = height() * width() * channels();
            int first = (row * width() + column) * channels();
            noise.corruptPart(seed, index, 0, values, values, at, size, first, count * channels());
        }
    }

    /** The first 40 bits of the SHA-256 of the picture's height, width and values. */
    private static long place(Pixels pixels) {
        MessageDigest digest = Sha256.digest();
        digest.update(ByteBuffer.allocate(8)
                .putInt(pixels.height())
                .putInt(pixels.width())
                .flip());
        float[] values = new float[pixels.width() * pixels.channels()];
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
        for (int row = 0; row < pixels.height(); row++) {
            pixels.read(row, 0, pixels.width(), values, 0);
            bytes.asFloatBuffer().put(values);
            digest.update(bytes.array());
        }
        return ByteBuffer.wrap(digest.digest()).getLong() >>> 24 & PLACES - 1;
    }
}
