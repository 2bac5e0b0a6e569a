package daegpu.data;

/**
 * How pictures of any size become images of one size.
 *
 * @param fit what is done to a picture
 * @param height of the images, in pixels; 0 if that of the first picture decides, which only {@link Fit#NONE} allows
 * @param width of the images, likewise
 * @param overlap pixels that neighbouring tiles share at least
 * @param colour whether the images are grey or in colour
 * @param patchesPerEpoch patches that each epoch cuts; 0 for a number whose pixels are together as many as the pictures
 *     have, and where there are no patches
 * @param range the values that become 0 and 1 in pictures of floats; null for the percentiles of each file
 */
public record Preparation(
        Fit fit, int height, int width, int overlap, Colour colour, int patchesPerEpoch, ValueRange range) {

    /** What is done to a picture. */
    public enum Fit {
        /** Nothing: all must have one size. */
        NONE,
        /** It is scaled, and changes its proportions. */
        RESIZE,
        /** The largest part around its middle that has the right proportions is scaled. */
        CROP,
        /** It is cut into tiles, as it is. */
        TILES,
        /**
         * To train, patches are cut anywhere, afresh in each epoch ({@link Patches}); to validate, it is cut into
         * tiles.
         */
        PATCHES
    }

    /** Whether images are grey or in colour. */
    public enum Colour {
        /** In colour, if one of the pictures is. */
        AUTO,
        /** Grey: of colours, the brightness is taken. */
        GREY,
        /** In colour: greys become three equal channels. */
        COLOUR
    }

    /** Pictures are taken as they are. */
    public static final Preparation NONE = new Preparation(Fit.NONE, 0, 0, 0, Colour.AUTO);

    /** A preparation that does not cut patches. */
    public Preparation(Fit fit, int height, int width, int overlap, Colour colour) {
        this(fit, height, width, overlap, colour, 0);
    }

    /** A preparation that scales floats by the percentiles of their file. */
    public Preparation(Fit fit, int height, int width, int overlap, Colour colour, int patchesPerEpoch) {
        this(fit, height, width, overlap, colour, patchesPerEpoch, null);
    }

    /** The same with a range for floats; null for the percentiles of each file. */
    public Preparation in(ValueRange newRange) {
        return new Preparation(fit, height, width, overlap, colour, patchesPerEpoch, newRange);
    }

    /**
     * @throws IllegalArgumentException if the size is not positive, the overlap is not less than the size, or the
     *     number of patches is negative
     */
    public Preparation {
        if (patchesPerEpoch < 0) {
            throw new IllegalArgumentException("an epoch cuts at least one patch, not " + patchesPerEpoch);
        }
        if ((fit != Fit.NONE || height != 0 || width != 0) && (height < 1 || width < 1)) {
            throw new IllegalArgumentException("an image has at least one pixel, not " + height + "x" + width);
        }
        if (overlap < 0 || fit == Fit.TILES && overlap >= Math.min(height, width)) {
            throw new IllegalArgumentException("tiles of " + height + "x" + width + " overlap by 0 to "
                    + (Math.min(height, width) - 1) + " pixels, not " + overlap);
        }
    }

    /**
     * Checks that a picture may have this size.
     *
     * @throws InvalidInputException if nothing is done to pictures, and this one has another size than the images
     */
    public void requireSize(PicturePage picture, int pictureHeight, int pictureWidth) {
        if (fit == Fit.NONE && height > 0 && (pictureHeight != height || pictureWidth != width)) {
            throw new InvalidInputException(
                    picture + " is " + pictureHeight + "x" + pictureWidth + " where " + height + "x" + width
                            + " is wanted",
                    Remedy.FITTING);
        }
    }

    /** The same with what it leaves open decided by pictures: this size, and in colour if one of them is. */
    Preparation resolved(int decidedHeight, int decidedWidth, boolean hasColour) {
        boolean inColour = colour == Colour.COLOUR || colour == Colour.AUTO && hasColour;
        return new Preparation(
                fit,
                decidedHeight,
                decidedWidth,
                overlap,
                inColour ? Colour.COLOUR : Colour.GREY,
                patchesPerEpoch,
                range);
    }

    /** @throws InvalidInputException if a picture is smaller than a patch */
    void requireRoomForAPatch(PicturePage picture, Photo photo) {
        if (photo.height() < height || photo.width() < width) {
            throw new InvalidInputException(picture + " is " + photo.height() + "x" + photo.width()
                    + ", smaller than the patches of " + height + "x" + width);
        }
    }

    /** How many images a picture of this size becomes, where the size of the images is decided. */
    public long images(int pictureHeight, int pictureWidth) {
        return cutsTiles()
                ? (long) rows(pictureHeight).count() * columns(pictureWidth).count()
                : 1;
    }

    /**
     * Makes images of a picture; its tiles count row by row. Colours become grey and greys colour as
     * {@link Photo#withChannels} says, alpha is left out, and each value is rounded to the nearest that the images can
     * have: floats below 0 become black, those above 1 white.
     *
     * @param photo of the size of the images, where {@code fit} is {@link Fit#NONE}
     * @param first which of its images is the first to make
     * @param count how many to make
     * @param depth of the images
     * @param pixels receives them, {@code [count, height, width, channels]}
     * @param at where in {@code pixels} the first goes; values are counted, not bytes
     * @throws IllegalStateException if size or colour of the images are not decided
     */
    public void write(Photo photo, int first, int count, Depth depth, byte[] pixels, int at) {
        Photo coloured = photo.withChannels(channels());
        if (cutsTiles()) {
            TileGrid rows = rows(photo.height());
            TileGrid columns = columns(photo.width());
            float[] tile = new float[imageSize()];
            for (int i = 0; i < count; i++) {
                int row = (first + i) / columns.count();
                int column = (first + i) % columns.count();
                TileGrid.copy(rows, columns, coloured.values(), coloured.channels(), row, column, tile, 0);
                depth.unscale(tile, tile.length, pixels, at + i * tile.length);
            }
            return;
        }
        Photo fitted =
                switch (fit) {
                    case RESIZE -> coloured.resized(height, width);
                    case CROP -> coloured.cropped(height, width);
                    default -> coloured;
                };
        depth.unscale(fitted.values(), imageSize(), pixels, at);
    }

    /** Whether a picture, of which it makes images, is cut into tiles. */
    public boolean cutsTiles() {
        return fit == Fit.TILES || fit == Fit.PATCHES;
    }

    private TileGrid rows(int pictureHeight) {
        return new TileGrid(pictureHeight, height, overlap);
    }

    private TileGrid columns(int pictureWidth) {
        return new TileGrid(pictureWidth, width, overlap);
    }

    /**
     * Values of a pixel of an image.
     *
     * @throws IllegalStateException if that is not decided
     */
    public int channels() {
        return switch (colour) {
            case GREY -> 1;
            case COLOUR -> 3;
            case AUTO -> throw new IllegalStateException("what the pictures are decides, and they were not looked at");
        };
    }

    private int imageSize() {
        if (height == 0) {
            throw new IllegalStateException("the first picture decides, and it was not looked at");
        }
        return Math.multiplyExact(Math.multiplyExact(height, width), channels());
    }
}
