package daegpu.data;

import daegpu.data.ImageFile.Header;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Reads pictures from many files, each by its {@link PicturePage}. The file that was read last stays open, so that the
 * pages of a TIFF file cost no more than as many files if they are read one after the other. One thread at a time may
 * use it.
 */
public final class PageReader implements AutoCloseable {

    private final ValueRange range;
    private Path file;
    private PictureReader open;

    /**
     * Prepares to read.
     *
     * @param range the values that become 0 and 1 in files of floats; null for the percentiles of each file, as
     *     {@link PictureReader#open(Path)} has them
     */
    public PageReader(ValueRange range) {
        this.range = range;
    }

    /**
     * All pictures in a file, without those of an animation after the first.
     *
     * @throws InvalidInputException if the file cannot be read, or is no picture that can be read
     */
    public List<PicturePage> pages(Path picture) {
        int count = isTiff(picture) ? open(picture).pages() : 1;
        return IntStream.range(0, count)
                .mapToObj(page -> new PicturePage(picture, page, count))
                .toList();
    }

    private static boolean isTiff(Path picture) {
        return PictureReader.formatOf(picture).equals(Optional.of(PictureFormat.TIFF));
    }

    /**
     * What the file says of a picture, mostly without reading its pixels.
     *
     * @throws InvalidInputException if that cannot be read, or is not of a picture that can be used
     */
    public Header header(PicturePage picture) {
        return isTiff(picture.file()) ? of(picture).header(picture.page()) : ImageFile.header(picture.file());
    }

    /**
     * Reads a picture, as {@link PictureReader#read} does.
     *
     * @throws InvalidInputException as that does
     */
    public Pixels read(PicturePage picture) {
        return of(picture).read(picture.page());
    }

    /**
     * Reads a picture with all of its pixels as floats.
     *
     * @throws InvalidInputException as {@link #read}
     */
    public Photo photo(PicturePage picture) {
        return of(picture).photo(picture.page());
    }

    /** A remark for the user on the file that was read last, if there is one. */
    public Optional<String> remark() {
        return open == null ? Optional.empty() : open.remark();
    }

    private PictureReader of(PicturePage picture) {
        PictureReader reader = open(picture.file());
        if (reader.pages() != picture.pages()) {
            throw new InvalidInputException(picture.file() + " has changed: it had " + picture.pages()
                    + " pages before, and has " + reader.pages() + " now");
        }
        return reader;
    }

    private PictureReader open(Path picture) {
        if (!picture.equals(file)) {
            close();
            open = PictureReader.open(picture, range);
            file = picture;
        }
        return open;
    }

    /** Closes the file that is open. */
    @Override
    public void close() {
        file = null;
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
