package daegpu.data;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;

/**
 * The MNIST images (LeCun, Cortes and Burges), 28×28 grey, that come with the program.
 *
 * <p>The images are checked against a known SHA-256 before they are returned. If all images are asked for, this is the
 * hash of the original file, computed while it is decompressed; if only the first ones are, it is the hash of the
 * compressed file, all of which is hashed before its first part is decompressed.
 */
public final class EmbeddedMnist {

    private static final int SIZE = 28;
    private static final int HEADER_BYTES = 16;

    /**
     * One of the original files.
     *
     * @param resource name of the resource with the gzipped file
     * @param count number of images in it
     * @param hash SHA-256 of the original file
     * @param hashOfCompressed SHA-256 of the gzipped file
     */
    record OriginalFile(String resource, int count, String hash, String hashOfCompressed) {

        int bytes() {
            return HEADER_BYTES + count * SIZE * SIZE;
        }
    }

    static final OriginalFile TRAINING = new OriginalFile(
            "mnist/train-images-idx3-ubyte.gz",
            60_000,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "0b367032e93c5d0cea0925647cfdb18614af8ee15f83e6f2fc2ad904a6835971");
    static final OriginalFile TEST = new OriginalFile(
            "mnist/t10k-images-idx3-ubyte.gz",
            10_000,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be");

    private static final String TEST_LABELS = "mnist/t10k-labels-idx1-ubyte.gz";

    private EmbeddedMnist() {}

    /**
     * The first {@code limit} training images, or all 60,000 if it is 0 or larger.
     *
     * @throws InvalidInputException if the program's own file is damaged
     */
    public static ImageSet training(int limit) {
        return read(TRAINING, limit);
    }

    /**
     * The first {@code limit} test images, or all 10,000 if it is 0 or larger.
     *
     * @throws InvalidInputException if the program's own file is damaged
     */
    public static ImageSet test(int limit) {
        return read(TEST, limit);
    }

    /**
     * The labels of all test images: the digits that they show.
     *
     * @throws InvalidInputException if the program's own file is damaged
     */
    public static byte[] testLabels() {
        try (InputStream compressed = EmbeddedMnist.class.getResourceAsStream(TEST_LABELS)) {
            if (compressed == null) {
                throw new InvalidInputException(
                        "the embedded file " + TEST_LABELS + " is missing from this build of the program");
            }
            return IdxFile.readLabels(compressed, "the embedded file " + TEST_LABELS);
        } catch (IOException e) {
            throw new InvalidInputException("the embedded file " + TEST_LABELS + " is damaged: " + e.getMessage(), e);
        }
    }

    private static ImageSet read(OriginalFile source, int limit) {
        try (InputStream compressed = EmbeddedMnist.class.getResourceAsStream(source.resource())) {
            if (compressed == null) {
                throw new InvalidInputException(name(source) + " is missing from this build of the program");
            }
            return read(source, compressed, limit);
        } catch (IOException e) {
            throw damaged(source, e.getMessage(), e);
        }
    }

    /** @param compressed what is embedded for {@code source} */
    static ImageSet read(OriginalFile source, InputStream compressed, int limit) throws IOException {
        return limit == 0 || limit >= source.count()
                ? readAll(source, compressed)
                : readFirst(source, compressed, limit);
    }

    private static ImageSet readAll(OriginalFile source, InputStream compressed) throws IOException {
        MessageDigest digest = Sha256.digest();
        InputStream hashed = new DigestInputStream(new GZIPInputStream(compressed, 1 << 16), digest);
        // Buffered after hashing: the digest then sees large blocks only, and every byte that was read.
        ImageSet images =
                IdxFile.readTrusted(new BufferedInputStream(hashed, 1 << 16), name(source), 0, source.bytes());
        check(source, digest, source.hash());
        return images;
    }

    private static ImageSet readFirst(OriginalFile source, InputStream compressed, int limit) throws IOException {
        byte[] content = compressed.readAllBytes();
        MessageDigest digest = Sha256.digest();
        digest.update(content);
        check(source, digest, source.hashOfCompressed());
        return IdxFile.readTrusted(
                new GZIPInputStream(new ByteArrayInputStream(content), 1 << 16), name(source), limit, source.bytes());
    }

    private static void check(OriginalFile source, MessageDigest digest, String expected) {
        if (!HexFormat.of().formatHex(digest.digest()).equals(expected)) {
            throw damaged(source, "its SHA-256 is not the expected one", null);
        }
    }

    private static InvalidInputException damaged(OriginalFile source, String problem, Throwable cause) {
        return new InvalidInputException(name(source) + " is damaged: " + problem, cause);
    }

    private static String name(OriginalFile source) {
        return "the embedded file " + source.resource();
    }
}
