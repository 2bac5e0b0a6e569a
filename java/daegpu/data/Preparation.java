package daegpu.data;

/**
 * How pictures of any size become images of one size.
 *
 * @param fit     what is done to a picture
 * @param height  of the images, in pixels; 0 where {@code fit} is {@link Fit#NONE}
 * @param width   of the images, likewise
 * @param overlap pixels that neighbouring tiles share at least
 * @param colour  whether the images are grey or in colour
 */
public record Preparation(Fit fit, int height, int width, int overlap, Colour colour) {

    /** What is done to a picture. */
    public enum Fit {
        /** Nothing: all must have one size. */
        NONE,
        /** It is scaled, and changes its proportions. */
        RESIZE,
        /** The largest part around its middle that has the right proportions is scaled. */
        CROP,
        /** It is cut into tiles, as it is. */
        TILES
    }

    /** Whether images are grey or in colour. */
    public enum Colour {
        /** In colour, if one of the pictures is. */
        AUTO,
        /** Grey: of colours, their brightness. */
        GREY,
        /** Colour: of greys, three equal channels. */
        COLOUR
    }

    /** Pictures are taken as they are. */
    public static final Preparation NONE = new Preparation(Fit.NONE, 0, 0, 0, Colour.AUTO);

    /** @throws IllegalArgumentException if the size is not positive, or the overlap not less than it */
    public Preparation {
        if (fit != Fit.NONE && (height < 1 || width < 1)) {
            throw new IllegalArgumentException("an image has at least one pixel, not " + height + "x" + width);
        }
        if (overlap < 0 || fit == Fit.TILES && overlap >= Math.min(height, width)) {
            throw new IllegalArgumentException("tiles of " + height + "x" + width + " overlap by 0 to "
                    + (Math.min(height, width) - 1) + " pixels, not " + overlap);
        }
    }
}
