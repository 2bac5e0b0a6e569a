package daegpu.train;

import daegpu.data.Photo;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Noise of a picture that is in no data set: which draws it takes follows from its pixels, and so does not depend on
 * what other pictures there are, or in which order.
 */
public final class PictureNoise {

    /** Places of a data set that Philox's subsequences tell apart. */
    private static final long PLACES = 1L << 40;

    private PictureNoise() {}

    /** The picture with noise; alpha stays. */
    public static Photo add(Noise noise, long seed, Photo clean) {
        float[] values = new float[clean.values().length]; // the picture's own may be the one that is read
        noise.corrupt(seed, Philox.VALIDATION + place(clean), 0, clean.values(), values, 0, values.length);
        return clean.withValues(clean.channels(), values);
    }

    /** The first 40 bits of the SHA-256 of the picture's height, width and values. */
    private static long place(Photo photo) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer bytes = ByteBuffer.allocate(8 + 4 * photo.values().length);
            bytes.putInt(photo.height()).putInt(photo.width());
            bytes.asFloatBuffer().put(photo.values());
            digest.update(bytes.array());
            return ByteBuffer.wrap(digest.digest()).getLong() >>> 24 & PLACES - 1;
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
