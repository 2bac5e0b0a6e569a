package daegpu.data;

/**
 * How large a picture is meant to be shown or printed.
 *
 * @param x pixels to a metre, from left to right; more than 0. Where {@code absolute} is false, only the proportion to
 *     {@code y} counts: pixels are not square
 * @param y likewise, from top to bottom
 */
record Resolution(double x, double y, boolean absolute) {

    static final double INCH = 0.0254;
    private static final double CENTIMETRE = 0.01;

    /** By the unit's number in TIFF and EXIF: 2 for inches, 3 for centimetres; null where it says nothing. */
    static Resolution ofTiff(double x, double y, int unit) {
        if (!(x > 0 && y > 0 && x < 1e9 && y < 1e9) || unit < 1 || unit > 3) {
            return null;
        }
        double metres = unit == 2 ? INCH : unit == 3 ? CENTIMETRE : 1;
        return new Resolution(x / metres, y / metres, unit != 1);
    }

    Resolution turned() {
        return new Resolution(y, x, absolute);
    }
}
