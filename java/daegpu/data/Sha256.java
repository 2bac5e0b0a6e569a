package daegpu.data;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The hash that tells data apart. */
public final class Sha256 {

    private Sha256() {}

    /** A new SHA-256 digest, which every Java platform has. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
