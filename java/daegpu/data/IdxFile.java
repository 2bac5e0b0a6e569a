package daegpu.data;

import java.io.BufferedInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;

/**
 * Images in the IDX format of the MNIST files, raw or gzipped: two zero bytes, the type of the values, the number of
 * dimensions, each dimension as a big-endian 32-bit integer, and the values. Three dimensions are {@code [count,
 * height, width]} and one channel; four are {@code [count, height, width, channels]} with 1 to 4 channels. Values must
 * be unsigned bytes.
 */
public final class IdxFile {

    private static final int UNSIGNED_BYTE = 0x08;
    private static final int MOST_CHANNELS = 4;
    /** A little less than 2 GiB; Java's arrays end there. */
    private static final int MOST_PIXELS = Integer.MAX_VALUE - 8;

    private static final int FIRST_BUFFER = 1 << 20;
    private static final long UNKNOWN = -1;
    private static final int LABEL_HEADER = 8;
    private static final int MOST_LABELS = 20_000_000;

    private IdxFile() {}

    /**
     * Reads a file; its first bytes tell whether it is gzipped. Memory is only taken for what the file can hold: a raw
     * file must be long enough for what it announces, and the bytes of a gzipped one are collected as they come.
     *
     * @param limit how many images to take, the first ones; all if it is 0 or there are fewer. What comes after them is
     *     not looked at
     * @return pixels {@code [count, height, width, channels]}
     * @throws InvalidInputException if the file cannot be read or is not such a file; the message names it and what is
     *     wrong
     */
    public static ImageSet read(Path file, int limit) {
        if (Files.isDirectory(file)) {
            throw new InvalidInputException(file + " is a folder, not an IDX file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            // A pipe has no size to hold the header against.
            return read(in, file.toString(), limit, Files.isRegularFile(file) ? Files.size(file) : UNKNOWN);
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    /**
     * Whether a file begins as an IDX file does, raw or gzipped.
     *
     * @throws InvalidInputException if it cannot be read
     */
    public static boolean isIdx(Path file) {
        try (BufferedInputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return isGzipped(in) || Arrays.equals(in.readNBytes(3), new byte[] {0, 0, UNSIGNED_BYTE});
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    /**
     * Reads a stream, otherwise as {@link #read(Path, int)} does. The stream is not closed.
     *
     * @param name what messages call it
     */
    public static ImageSet read(InputStream in, String name, int limit) {
        try {
            return read(in, name, limit, UNKNOWN);
        } catch (IOException e) {
            throw new InvalidInputException(name + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** @param size bytes that the stream holds, if they are known */
    private static ImageSet read(InputStream in, String name, int limit, long size) throws IOException {
        if (size == 0) {
            throw new InvalidInputException(name + " is empty");
        }
        BufferedInputStream buffered = new BufferedInputStream(in, 1 << 16);
        try {
            return isGzipped(buffered)
                    ? new Reader(new GZIPInputStream(buffered, 1 << 16), name, limit, UNKNOWN).read()
                    : new Reader(buffered, name, limit, size).read();
        } catch (ZipException e) {
            throw new InvalidInputException(name + " is damaged: " + e.getMessage(), e);
        } catch (EOFException e) {
            // Only the decompressor throws this one.
            throw new InvalidInputException(name + " is truncated: its compressed data end early", e);
        }
    }

    /** Looks at the first bytes of a stream, and leaves them in it. */
    private static boolean isGzipped(BufferedInputStream in) throws IOException {
        in.mark(2);
        boolean gzipped = in.read() == 0x1F && in.read() == 0x8B;
        in.reset();
        return gzipped;
    }

    /**
     * Reads the labels of a file of one dimension, raw or gzipped.
     *
     * @throws InvalidInputException if the file cannot be read or is not such a file; the message names it and what is
     *     wrong
     */
    public static byte[] readLabels(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return readLabels(in, file.toString());
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    /** The same from a stream, which is not closed. */
    static byte[] readLabels(InputStream in, String name) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(in, 1 << 16);
        try {
            InputStream content = isGzipped(buffered) ? new GZIPInputStream(buffered) : buffered;
            byte[] header = content.readNBytes(LABEL_HEADER);
            if (header.length == LABEL_HEADER && ByteBuffer.wrap(header).getInt(0) == (UNSIGNED_BYTE << 8 | 1)) {
                int announced = ByteBuffer.wrap(header).getInt(4);
                if (announced < 0 || announced > MOST_LABELS) {
                    throw new InvalidInputException(name + " is damaged: it announces "
                            + Integer.toUnsignedLong(announced) + " labels, and at most " + MOST_LABELS
                            + " can be read");
                }
                byte[] labels = content.readNBytes(announced);
                if (labels.length == announced && content.read() < 0) {
                    return labels;
                }
            }
        } catch (ZipException | EOFException e) {
            throw new InvalidInputException(name + " is damaged: " + e.getMessage(), e);
        }
        throw new InvalidInputException(name + " is not an IDX file of labels, or it is damaged");
    }

    /** For data known to be sound: the buffer for {@code announced} bytes is taken at once. */
    static ImageSet readTrusted(InputStream in, String name, int limit, long announced) throws IOException {
        return new Reader(in, name, limit, announced).read();
    }

    /**
     * Writes images, gzipped if the name of the file ends in {@code .gz}; with three dimensions for one channel, else
     * with four.
     *
     * @param images of 8 bits a value
     * @throws IOException if that fails; see {@link AtomicFile}
     * @throws IllegalArgumentException if the images have another depth
     */
    public static void write(Path file, ImageSet images) throws IOException {
        if (images.depth() != Depth.BITS_8) {
            throw new IllegalArgumentException("an IDX file has 8 bits a value, not " + images.depth());
        }
        boolean gzipped = file.toString().toLowerCase(Locale.ROOT).endsWith(".gz");
        AtomicFile.write(file, out -> {
            if (gzipped) {
                GZIPOutputStream compressed = new GZIPOutputStream(out, 1 << 16);
                write(compressed, images);
                compressed.finish();
            } else {
                write(out, images);
            }
        });
    }

    private static void write(OutputStream out, ImageSet images) throws IOException {
        boolean grey = images.channels() == 1;
        DataOutputStream data = new DataOutputStream(out);
        data.writeInt(UNSIGNED_BYTE << 8 | (grey ? 3 : 4));
        data.writeInt(images.count());
        data.writeInt(images.height());
        data.writeInt(images.width());
        if (!grey) {
            data.writeInt(images.channels());
        }
        data.write(images.pixels());
        data.flush();
    }

    /**
     * Reads one stream.
     *
     * @param in decompressed
     * @param size bytes that {@code in} holds, if they are known
     */
    private record Reader(InputStream in, String name, int limit, long size) {

        private Reader {
            if (limit < 0) {
                throw new IllegalArgumentException("a limit of " + limit + " images");
            }
        }

        ImageSet read() throws IOException {
            int dimensions = readDimensionCount();
            byte[] header = in.readNBytes(4 * dimensions);
            if (header.length < 4 * dimensions) {
                throw invalid("is truncated within its header");
            }
            long count = dimension(header, 0);
            long height = dimension(header, 1);
            long width = dimension(header, 2);
            long channels = dimensions == 4 ? dimension(header, 3) : 1;
            String announced = count + " images of " + height + "x" + width + (channels == 1 ? "" : "x" + channels);
            if (count == 0) {
                throw invalid("holds no images");
            }
            if (height == 0 || width == 0 || channels == 0) {
                throw invalid("announces images without pixels: " + announced);
            }
            if (channels > MOST_CHANNELS) {
                throw invalid("announces " + announced + "; at most " + MOST_CHANNELS + " channels can be read");
            }
            // Each factor is below 2^32, so the product of two fits an unsigned long and no more.
            if (height > MOST_PIXELS || width > MOST_PIXELS || height * width > MOST_PIXELS / channels) {
                throw invalid("announces " + announced + ", which is over 2 GiB for a single image");
            }
            long imageSize = height * width * channels;
            long taken = limit == 0 ? count : Math.min(limit, count);
            long needed = imageSize * taken;
            long found = size - 4 - header.length;
            if (size != UNKNOWN && found < needed) {
                throw truncated(announced, imageSize * count, found);
            }
            if (needed > MOST_PIXELS) {
                throw invalid("announces " + announced + ", which is over 2 GiB", Remedy.FEWER_IMAGES);
            }
            byte[] pixels = readPixels((int) needed, announced, imageSize * count);
            if (taken == count && in.read() >= 0) {
                throw invalid("is too long: it goes on after the " + announced + " that it announces");
            }
            return new ImageSet((int) height, (int) width, (int) channels, pixels);
        }

        /** Checks the first four bytes. */
        private int readDimensionCount() throws IOException {
            byte[] magic = in.readNBytes(4);
            if (magic.length == 0) {
                throw invalid("is empty");
            }
            if (magic.length < 4 || magic[0] != 0 || magic[1] != 0) {
                throw foreign(magic);
            }
            String type =
                    switch (magic[2]) {
                        case UNSIGNED_BYTE -> "";
                        case 0x09 -> "signed bytes";
                        case 0x0B -> "16-bit integers";
                        case 0x0C -> "32-bit integers";
                        case 0x0D -> "32-bit floats";
                        case 0x0E -> "64-bit floats";
                        default -> throw foreign(magic);
                    };
            if (!type.isEmpty()) {
                throw invalid("holds " + type + "; only unsigned bytes can be read as images");
            }
            int dimensions = magic[3];
            if (dimensions == 1) {
                throw invalid("holds labels (one dimension), not images");
            }
            if (dimensions != 3 && dimensions != 4) {
                throw invalid("has " + (dimensions & 0xFF) + " dimensions; images have 3 or 4");
            }
            return dimensions;
        }

        private long dimension(byte[] header, int index) {
            return ByteBuffer.wrap(header).getInt(4 * index) & 0xFFFFFFFFL;
        }

        private byte[] readPixels(int needed, String announced, long announcedBytes) throws IOException {
            try {
                byte[] pixels = new byte[size == UNKNOWN ? Math.min(needed, FIRST_BUFFER) : needed];
                int filled = 0;
                while (true) {
                    filled += in.readNBytes(pixels, filled, pixels.length - filled);
                    if (filled < pixels.length) {
                        throw truncated(announced, announcedBytes, filled);
                    }
                    if (filled == needed) {
                        return pixels;
                    }
                    pixels = Arrays.copyOf(pixels, (int) Math.min(needed, 2L * pixels.length));
                }
            } catch (OutOfMemoryError e) {
                // One large array that did not fit leaves the program as healthy as it was.
                throw invalid(
                        "needs " + (needed >> 20) + " MiB, more than the memory that Java may use",
                        Remedy.MORE_MEMORY,
                        Remedy.FEWER_IMAGES);
            }
        }

        private InvalidInputException truncated(String announced, long announcedBytes, long found) {
            return invalid("is truncated: it announces " + announced + ", " + announcedBytes + " bytes, and holds "
                    + Math.max(found, 0));
        }

        private InvalidInputException foreign(byte[] magic) throws IOException {
            byte[] start = Arrays.copyOf(magic, FileKind.START);
            int length = magic.length + in.readNBytes(start, magic.length, start.length - magic.length);
            return invalid(FileKind.instead(Arrays.copyOf(start, length), "an IDX file")
                    .orElseGet(() -> "is not an IDX file: it begins with " + describe(magic)));
        }

        private static String describe(byte[] magic) {
            StringBuilder text = new StringBuilder();
            for (byte value : magic) {
                text.append(text.isEmpty() ? "" : " ").append(String.format(Locale.ROOT, "%02x", value));
            }
            return text.toString();
        }

        private InvalidInputException invalid(String problem, Remedy... remedies) {
            return new InvalidInputException(name + " " + problem, remedies);
        }
    }
}
