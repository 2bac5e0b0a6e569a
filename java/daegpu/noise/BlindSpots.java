package daegpu.noise;

import java.util.Locale;

/**
 * Pixels that a network does not see, and has to guess from those around them (Krull, Buchholz and Jug, "Noise2Void:
 * learning denoising from single noisy images", 2019). In what goes in, each of them is replaced by a neighbour, and
 * they alone count in the loss. As noise that is not correlated cannot be guessed, what a network learns to put out is
 * the picture without it.
 *
 * <p>An image is divided into cells of about 1/{@code share} pixels, in {@link #cellsDown} rows and
 * {@link #cellsAcross} columns: cell {@code (i, j)} has rows {@code ⌊i·height/cellsDown⌋} to
 * {@code ⌊(i+1)·height/cellsDown⌋ − 1}, and columns likewise. Each has one spot, whose place follows from the first two
 * integers of Philox at subsequence {@link Philox#PURPOSE_BLIND_SPOTS} and offset 4·(epoch · cells + cell). The third
 * chooses the neighbour: any pixel of the image at most {@link #radiusDown} rows and {@link #radiusAcross} columns
 * away, but not one that is less than {@code structureHeight} rows and {@code structureWidth} columns away. All
 * channels are replaced.
 *
 * <p>With a structure (Broaddus et al., "Removing structured noise with self-supervised blind-spot networks", 2020),
 * the pixels around a spot whose noise is correlated with its own are replaced, too, by those around the neighbour;
 * they do not count in the loss. Where structures meet, a pixel is replaced for the first cell, but a spot always for
 * its own.
 *
 * @param share of the pixels that are spots
 * @param structureHeight rows of the structure around a spot; 1 for none
 * @param structureWidth columns of it
 */
public record BlindSpots(double share, int structureHeight, int structureWidth) {

    /**
     * The default share: 2 %. Noise2Void has 0.2 %; with ten times as many spots, an update learns from ten times as
     * many pixels, and the others hardly notice.
     */
    public static final double DEFAULT_SHARE = 0.02;
    /** Least and greatest share. */
    public static final double LEAST_SHARE = 0.0005;

    public static final double GREATEST_SHARE = 0.05;
    /** The largest structure. */
    public static final int LARGEST_STRUCTURE = 63;
    /** How far away a neighbour is at most, in rows or columns: in Noise2Void, it is one of 11×11 pixels. */
    private static final int RADIUS = 5;

    /** @throws IllegalArgumentException if the share is out of range, or a side of the structure is not odd */
    public BlindSpots {
        if (!(share >= LEAST_SHARE && share <= GREATEST_SHARE)) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "the share of blind spots must be %s to %s, not %s",
                    LEAST_SHARE,
                    GREATEST_SHARE,
                    share));
        }
        if (!isSide(structureHeight) || !isSide(structureWidth)) {
            throw new IllegalArgumentException("the structure of noise has an odd number of rows and of columns, up to "
                    + LARGEST_STRUCTURE + ", around each pixel, not " + structureHeight + "x" + structureWidth);
        }
    }

    private static boolean isSide(int side) {
        return side >= 1 && side <= LARGEST_STRUCTURE && side % 2 == 1;
    }

    /** Rows of cells in an image of this height. */
    public int cellsDown(int height) {
        return cells(height);
    }

    /** Columns of cells in an image of this width. */
    public int cellsAcross(int width) {
        return cells(width);
    }

    private int cells(int side) {
        return (int) Math.max(1, Math.min(side, Math.round(side * Math.sqrt(share))));
    }

    /** Spots of an image. */
    public int count(int height, int width) {
        return cellsDown(height) * cellsAcross(width);
    }

    /** Rows that a neighbour is away at most. */
    public int radiusDown() {
        return Math.max(RADIUS, structureHeight);
    }

    /** Columns that a neighbour is away at most. */
    public int radiusAcross() {
        return Math.max(RADIUS, structureWidth);
    }

    /**
     * Replaces the spots of an image.
     *
     * @param seed of the run
     * @param index place of the image in its data set, {@link Philox#VALIDATION} added for validation images
     * @param epoch counted from 0
     * @param image array with the image, {@code [height, width, channels]}
     * @param replaced array that receives the image with its spots replaced; another one than {@code image}
     * @param mask array that receives 1 for each value of a spot, and 0 for each other value
     * @param at where in the arrays the image begins
     */
    public void apply(
            long seed,
            long index,
            int epoch,
            int height,
            int width,
            int channels,
            float[] image,
            float[] replaced,
            float[] mask,
            int at) {
        int size = height * width * channels;
        System.arraycopy(image, at, replaced, at, size);
        for (int i = at; i < at + size; i++) {
            mask[i] = 0;
        }
        int down = cellsDown(height);
        int across = cellsAcross(width);
        int cells = down * across;
        Spot[] spots = new Spot[cells];
        int[] draws = new int[4];
        long subsequence = Philox.subsequence(Philox.PURPOSE_BLIND_SPOTS, index);
        for (int cell = 0; cell < cells; cell++) {
            Philox.integers4(seed, subsequence, 4 * ((long) epoch * cells + cell), draws);
            int row = place(cell / across, down, height, draws[0]);
            int column = place(cell % across, across, width, draws[1]);
            spots[cell] = spot(row, column, height, width, draws[2]);
        }
        if (structureHeight > 1 || structureWidth > 1) {
            for (int cell = cells - 1; cell >= 0; cell--) { // the first cell last, so that it prevails
                replaceStructure(spots[cell], height, width, channels, image, replaced, at);
            }
        }
        for (Spot spot : spots) {
            int to = at + (spot.row * width + spot.column) * channels;
            int from = at + (spot.fromRow * width + spot.fromColumn) * channels;
            for (int c = 0; c < channels; c++) {
                replaced[to + c] = image[from + c];
                mask[to + c] = 1;
            }
        }
    }

    /** A spot, and the neighbour that stands in for it. */
    private record Spot(int row, int column, int fromRow, int fromColumn) {}

    /** @param draw chooses the neighbour */
    private Spot spot(int row, int column, int height, int width, int draw) {
        int top = Math.max(0, row - radiusDown());
        int bottom = Math.min(height, row + radiusDown() + 1);
        int left = Math.max(0, column - radiusAcross());
        int right = Math.min(width, column + radiusAcross() + 1);
        // Among these, the pixels that do not stand in.
        int innerTop = Math.max(0, row - structureHeight + 1);
        int innerBottom = Math.min(height, row + structureHeight);
        int innerLeft = Math.max(0, column - structureWidth + 1);
        int innerRight = Math.min(width, column + structureWidth);
        int across = right - left;
        int innerAcross = innerRight - innerLeft;
        int above = (innerTop - top) * across;
        int beside = (innerBottom - innerTop) * (across - innerAcross);
        int all = above + beside + (bottom - innerBottom) * across;
        if (all == 0) {
            return new Spot(row, column, row, column); // the image has no other pixels
        }
        int number = Philox.oneOf(all, draw);
        if (number < above) {
            return new Spot(row, column, top + number / across, left + number % across);
        }
        number -= above;
        if (number < beside) {
            int place = left + number % (across - innerAcross);
            return new Spot(
                    row,
                    column,
                    innerTop + number / (across - innerAcross),
                    place < innerLeft ? place : place + innerAcross);
        }
        number -= beside;
        return new Spot(row, column, innerBottom + number / across, left + number % across);
    }

    private static int place(int cell, int cells, int side, int draw) {
        int first = (int) ((long) cell * side / cells);
        int end = (int) ((long) (cell + 1) * side / cells);
        return first + Philox.oneOf(end - first, draw);
    }

    /** Where a pixel beside the neighbour would be outside the image, the neighbour stands in. */
    private void replaceStructure(
            Spot spot, int height, int width, int channels, float[] image, float[] replaced, int at) {
        for (int i = -(structureHeight / 2); i <= structureHeight / 2; i++) {
            for (int j = -(structureWidth / 2); j <= structureWidth / 2; j++) {
                if (isInside(spot.row + i, height) && isInside(spot.column + j, width)) {
                    boolean beside = isInside(spot.fromRow + i, height) && isInside(spot.fromColumn + j, width);
                    int fromRow = beside ? spot.fromRow + i : spot.fromRow;
                    int fromColumn = beside ? spot.fromColumn + j : spot.fromColumn;
                    System.arraycopy(
                            image,
                            at + (fromRow * width + fromColumn) * channels,
                            replaced,
                            at + ((spot.row + i) * width + spot.column + j) * channels,
                            channels);
                }
            }
        }
    }

    private static boolean isInside(int place, int side) {
        return place >= 0 && place < side;
    }

    /** As messages and records have it: {@code 0.002} or {@code 0.002, structure 1x9}. */
    @Override
    public String toString() {
        return share
                + (structureHeight == 1 && structureWidth == 1
                        ? ""
                        : ", structure " + structureHeight + "x" + structureWidth);
    }
}
