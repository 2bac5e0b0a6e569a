package daegpu.data;

import java.awt.image.BufferedImage;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Writes a picture to a file row by row, where each row is read when it is written; or several pictures as the pages of
 * a TIFF file. PNG and TIFF files have the picture's own depth without loss, and its alpha; BMP files have 8 bits
 * without loss. In JPEG and BMP files, transparent pixels are put on white. Values below 0 are written as black, and
 * values above 1 as white, but in a TIFF file as they are if the picture is of floats.
 */
public final class PictureWriter implements AutoCloseable {

    /** The default quality of JPEG files, from 1 to 100. */
    public static final int DEFAULT_QUALITY = 95;

    /** The signature and the header of a PNG file, and the start and JFIF's segment of a JPEG file. */
    private static final int PNG_HEAD = 33;

    private static final int JPEG_HEAD = 20;
    /** Where JFIF's segment has the density. */
    private static final int JPEG_DENSITY = 13;
    /** The headers of a BMP file, and where they have the resolution. */
    private static final int BMP_HEAD = 54;

    private static final int BMP_RESOLUTION = 38;

    private final PictureFormat format;
    private final int quality;
    private final FailureKeeper keeper;
    private final ImageOutputStream stream;
    /** Null for a TIFF file. */
    private final ImageWriter writer;
    /** Null for other files. */
    private final TiffWriter tiff;

    private UnaryOperator<byte[]> head = UnaryOperator.identity();
    private int pages;

    /**
     * Prepares to write.
     *
     * @param out receives the file; it is not closed. A TIFF file is in memory until it is complete, unless this is the
     *     stream that {@link AtomicFile} gives
     * @param quality of JPEG files, from 1 to 100
     * @throws IllegalArgumentException if the format is not writable
     */
    public PictureWriter(OutputStream out, PictureFormat format, int quality) {
        if (!format.isWritable()) {
            throw new IllegalArgumentException(format.title() + " files are not written");
        }
        this.format = format;
        this.quality = quality;
        keeper = new FailureKeeper(out);
        OutputStream changed =
                switch (format) {
                    case PNG -> new HeadStream(PNG_HEAD);
                    case JPEG -> new HeadStream(JPEG_HEAD);
                    case BMP -> new HeadStream(BMP_HEAD);
                    case TIFF, GIF, WEBP -> keeper;
                };
        // Streams of these kinds keep what they must in memory, where ImageIO's own choice is a temporary file.
        if (format == PictureFormat.TIFF) {
            stream = out instanceof FileStream file ? file.anywhere() : new MemoryCacheImageOutputStream(changed);
            tiff = new TiffWriter(stream);
            writer = null;
            return;
        }
        stream = format == PictureFormat.JPEG ? new ForwardStream(changed) : new MemoryCacheImageOutputStream(changed);
        tiff = null;
        writer = PictureReader.ofThePlatform(ImageIO.getImageWritersByFormatName(format.id()), ImageWriter.class);
        writer.setOutput(stream);
    }

    /** Keeps why writing failed: {@code ImageIO} would say that there was an error, and not that the disk is full. */
    private static final class FailureKeeper extends FilterOutputStream {
        private IOException failure;

        FailureKeeper(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void flush() throws IOException {
            try {
                out.flush();
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                out.write(bytes, from, length);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }
    }

    /** A stream whose writer never goes back, so that nothing needs to be kept for it. */
    private static final class ForwardStream extends MemoryCacheImageOutputStream {

        ForwardStream(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            super.write(bytes, from, length);
            flushBefore(getStreamPosition());
        }
    }

    /** Changes the first bytes of a file. */
    private final class HeadStream extends OutputStream {
        private final byte[] first;
        private int filled;

        HeadStream(int size) {
            first = new byte[size];
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            int taken = Math.min(length, first.length - filled);
            System.arraycopy(bytes, from, first, filled, taken);
            filled += taken;
            if (taken > 0 && filled == first.length) {
                keeper.write(head.apply(first));
            }
            keeper.write(bytes, from + taken, length - taken);
        }

        @Override
        public void flush() throws IOException {
            keeper.flush();
        }
    }

    /**
     * Writes the picture, or in a TIFF file another page.
     *
     * @param description what the file says about the picture
     * @throws IOException if that fails
     * @throws IllegalStateException if a picture was written already and the format can have only one
     */
    public void write(Pixels pixels, PictureDescription description) throws IOException {
        int channels = pixels.channels();
        head = switch (format) {
            case PNG -> first -> withChunks(first, description.pngChunks(channels));
            case JPEG -> first -> withSegments(first, description, channels);
            case BMP -> first -> withResolution(first, description.resolution());
            case TIFF, GIF, WEBP -> UnaryOperator.identity();
        };
        if (tiff != null) {
            tiff.write(pixels, description);
            pages++;
        } else {
            write(PixelSamples.image(pixels, format));
        }
    }

    /** The same of any image that {@code ImageIO} can write, in a file that holds one picture. */
    void write(BufferedImage picture) throws IOException {
        if (pages > 0) {
            throw new IllegalStateException(format.title() + " files hold one picture");
        }
        ImageWriteParam parameters = writer.getDefaultWriteParam();
        try {
            if (format == PictureFormat.JPEG) {
                parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                parameters.setCompressionQuality(quality / 100f);
            }
            writer.write(null, new IIOImage(picture, null, null), parameters);
        } catch (IOException e) {
            throw keeper.failure != null ? keeper.failure : e;
        }
        pages++;
    }

    private static byte[] withChunks(byte[] head, byte[] chunks) {
        byte[] all = Arrays.copyOf(head, head.length + chunks.length);
        System.arraycopy(chunks, 0, all, head.length, chunks.length);
        return all;
    }

    private static byte[] withSegments(byte[] head, PictureDescription description, int channels) {
        byte[] density = description.jfifDensity();
        if (density != null) {
            System.arraycopy(density, 0, head, JPEG_DENSITY, density.length);
        }
        return withChunks(head, description.jpegSegments(channels));
    }

    private static byte[] withResolution(byte[] head, Resolution resolution) {
        if (resolution != null && resolution.absolute()) {
            ByteBuffer.wrap(head)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(BMP_RESOLUTION, (int) Math.round(resolution.x()))
                    .putInt(BMP_RESOLUTION + 4, (int) Math.round(resolution.y()));
        }
        return head;
    }

    /**
     * Ends the file.
     *
     * @throws IOException if that fails
     */
    @Override
    public void close() throws IOException {
        try (stream) {
            if (tiff != null) {
                tiff.finish();
            }
        } catch (IOException e) {
            throw keeper.failure != null ? keeper.failure : e;
        } finally {
            if (writer != null) {
                writer.dispose();
            }
        }
    }
}
