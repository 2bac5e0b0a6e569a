package daegpu.train;

import daegpu.data.Photo;
import daegpu.data.Sha256;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import java.nio.ByteBuffer;

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
        ByteBuffer bytes = ByteBuffer.allocate(8 + 4 * photo.values().length);
        bytes.putInt(photo.height()).putInt(photo.width());
        bytes.asFloatBuffer().put(photo.values());
        byte[] hash = Sha256.digest().digest(bytes.array());
        return ByteBuffer.wrap(hash).getLong() >>> 24 & PLACES - 1;
    }
}
