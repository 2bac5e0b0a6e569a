package daegpu.data;

/**
 * Tiles that cover one dimension of a picture. They lie evenly spaced, the first at the beginning and the last at the
 * end, and as few as give every two neighbours at least the wanted overlap. A picture smaller than a tile lies in the
 * middle of the only one, which then begins before it; what is outside the picture is its reflection.
 *
 * <p>A tile's weights rise from its beginning and fall to its end as a raised cosine does over the overlap, and are
 * divided by their sum over all tiles at the same place: wherever one looks, they add up to one.
 */
public final class TileGrid {

    private final int size;
    private final int tile;
    private final int[] starts;
    private final float[][] weights;

    /**
     * @param size pixels of the picture, at least 1
     * @param tile pixels of a tile, at least 1
     * @param overlap pixels that two neighbours share at least, 0 to {@code tile − 1}
     * @throws IllegalArgumentException if one of them is out of range
     */
    public TileGrid(int size, int tile, int overlap) {
        if (size < 1 || tile < 1 || overlap < 0 || overlap >= tile) {
            throw new IllegalArgumentException(
                    "no tiles of " + tile + " pixels that overlap by " + overlap + " cover " + size);
        }
        this.size = size;
        this.tile = tile;
        this.starts = starts(size, tile, overlap);
        this.weights = weights(size, tile, overlap, starts);
    }

    private static int[] starts(int size, int tile, int overlap) {
        if (size <= tile) {
            return new int[] {-((tile - size) / 2)};
        }
        int intervals = (size - tile - 1) / (tile - overlap) + 1;
        int[] starts = new int[intervals + 1];
        for (int i = 0; i <= intervals; i++) {
            starts[i] = (int) ((long) (size - tile) * i / intervals);
        }
        return starts;
    }

    private static float[][] weights(int size, int tile, int overlap, int[] starts) {
        double[] sums = new double[size];
        for (int start : starts) {
            for (int i = 0; i < tile; i++) {
                if (start + i >= 0 && start + i < size) {
                    sums[start + i] += window(i, tile, overlap);
                }
            }
        }
        float[][] weights = new float[starts.length][tile];
        for (int t = 0; t < starts.length; t++) {
            for (int i = 0; i < tile; i++) {
                int place = starts[t] + i;
                weights[t][i] = place < 0 || place >= size ? 0 : (float) (window(i, tile, overlap) / sums[place]);
            }
        }
        return weights;
    }

    /** 1 in the middle, sin²(π(k + ½)/(2·ramp)) at k pixels from either end of the tile; positive everywhere. */
    private static double window(int place, int tile, int overlap) {
        int ramp = Math.min(overlap, tile / 2);
        int fromEnd = Math.min(place, tile - 1 - place);
        if (fromEnd >= ramp) {
            return 1;
        }
        double sine = Math.sin(Math.PI * (fromEnd + 0.5) / (2 * ramp));
        return sine * sine;
    }

    /** How many tiles there are. */
    public int count() {
        return starts.length;
    }

    /** Where tile {@code index} begins; before 0 where the picture is smaller. */
    public int start(int index) {
        return starts[index];
    }

    /** How much pixel {@code place} of tile {@code index} counts; 0 outside the picture. */
    public float weight(int index, int place) {
        return weights[index][place];
    }

    /**
     * Which pixel of the picture pixel {@code place} of tile {@code index} shows: beyond the ends the picture goes on
     * as its reflection, in which the last pixel is not repeated.
     */
    public int source(int index, int place) {
        if (size == 1) {
            return 0;
        }
        int period = 2 * (size - 1);
        int folded = Math.floorMod(starts[index] + place, period);
        return folded < size ? folded : period - folded;
    }

    /**
     * Copies a tile of a picture.
     *
     * @param rows over the picture's height
     * @param columns over its width
     * @param values the picture, {@code [height, width, channels]}
     * @param channels values of a pixel
     * @param tile receives the tile in row {@code y} and column {@code x} of the grid, from {@code at} on
     */
    public static void copy(
            TileGrid rows, TileGrid columns, float[] values, int channels, int y, int x, float[] tile, int at) {
        int to = at;
        for (int row = 0; row < rows.tile; row++) {
            int line = rows.source(y, row) * columns.size;
            for (int column = 0; column < columns.tile; column++) {
                int from = (line + columns.source(x, column)) * channels;
                for (int channel = 0; channel < channels; channel++) {
                    tile[to++] = values[from + channel];
                }
            }
        }
    }

    /** Adds a tile to the picture that is blended from all of them; the arguments are those of {@link #copy}. */
    public static void blend(
            TileGrid rows, TileGrid columns, float[] values, int channels, int y, int x, float[] tile, int at) {
        for (int row = 0; row < rows.tile; row++) {
            if (rows.weights[y][row] == 0) {
                continue;
            }
            int line = (rows.starts[y] + row) * columns.size;
            for (int column = 0; column < columns.tile; column++) {
                float weight = rows.weights[y][row] * columns.weights[x][column];
                if (weight != 0) {
                    int to = (line + columns.starts[x] + column) * channels;
                    int from = at + (row * columns.tile + column) * channels;
                    for (int channel = 0; channel < channels; channel++) {
                        values[to + channel] += weight * tile[from + channel];
                    }
                }
            }
        }
    }
}
