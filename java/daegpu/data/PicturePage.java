package daegpu.data;

import java.nio.file.Path;

/**
 * One of the pictures in a file.
 *
 * @param file where it is
 * @param page which of them, 0 for the first
 * @param pages how many the file holds: 1, or more for a TIFF file
 */
public record PicturePage(Path file, int page, int pages) {

    /** The name of the file and, if this has several pages, the page: {@code stack.tif, page 3}. */
    @Override
    public String toString() {
        return pages > 1 ? file + ", page " + (page + 1) : file.toString();
    }
}
