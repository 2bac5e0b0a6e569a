package daegpu.data;

import com.drew.imaging.ImageProcessingException;
import com.drew.imaging.jpeg.JpegMetadataReader;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How a camera was held, as EXIF's tag 0x0112 has it: where the first row and the first column of what is stored belong
 * when the picture is upright.
 *
 * @param tag 1 to 8
 */
record Orientation(int tag) {

    static final Orientation UPRIGHT = new Orientation(1);

    Orientation {
        if (tag < 1 || tag > 8) {
            throw new IllegalArgumentException("there is no orientation " + tag);
        }
    }

    /**
     * The orientation of a JPEG file's content: upright where it says nothing that can be understood, as in every
     * viewer.
     */
    static Orientation of(byte[] content) {
        try {
            return of(new ByteArrayInputStream(content));
        } catch (IOException e) {
            return UPRIGHT;
        }
    }

    /**
     * The orientation of a JPEG file, likewise.
     *
     * @throws IOException if it cannot be read
     */
    static Orientation of(Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return of(in);
        }
    }

    private static Orientation of(InputStream in) throws IOException {
        try {
            Metadata metadata = JpegMetadataReader.readMetadata(in, List.of(new ExifReader()));
            ExifIFD0Directory main = metadata.getFirstDirectoryOfType(ExifIFD0Directory.class);
            Integer tag = main == null ? null : main.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
            return tag == null || tag < 1 || tag > 8 ? UPRIGHT : new Orientation(tag);
        } catch (ImageProcessingException | RuntimeException e) {
            // Damaged metadata say nothing; whether the pixels are damaged, too, their decoder knows.
            return UPRIGHT;
        }
    }

    /** Whether rows of what is stored are columns of the upright picture. */
    boolean turned() {
        return tag >= 5;
    }

    /** Whether the last row of the upright picture is stored first: as a row, or as a column where it is turned. */
    boolean rowsReversed() {
        return tag == 3 || tag == 4 || tag == 7 || tag == 8;
    }

    /** Whether the last column of the upright picture is stored first, likewise. */
    boolean columnsReversed() {
        return tag == 2 || tag == 3 || tag == 6 || tag == 7;
    }

    /** Height of the upright picture. */
    int height(int storedHeight, int storedWidth) {
        return turned() ? storedWidth : storedHeight;
    }

    /** Width of the upright picture. */
    int width(int storedHeight, int storedWidth) {
        return turned() ? storedHeight : storedWidth;
    }
}
