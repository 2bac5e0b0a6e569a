package daegpu.data;

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
