package daegpu.engine;

import daegpu.data.Photo;
import daegpu.model.Architecture;
import daegpu.model.Network;
import daegpu.model.Reach;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Denoises pictures of any size by a network without dense layers, as though each went through it as a whole: in tiles
 * that overlap by what the network sees, of which only those pixels are kept that see no edge of the tile but where it
 * is an edge of the picture. A side that the strides do not divide is first continued by its reflection.
 */
public final class WholePictureDenoiser implements PictureDenoiser {

    /** Rows and columns of a tile at most, borders among them. */
    public static final int TILE = 256;
    /** Tiles that go through the network together, so that each thread has some. */
    private static final int TOGETHER = 8;

    private final Architecture architecture;
    private final Function<Network, InferenceEngine> opener;
    private final Reach reach;
    private final int largest;
    /** Of the tiles of the last picture; null before the first. */
    private InferenceEngine engine;

    /**
     * Prepares to denoise.
     *
     * @param opener opens an engine for the network in another size, and loads the weights
     * @throws IllegalArgumentException if the network has a dense layer
     */
    public WholePictureDenoiser(Architecture architecture, Function<Network, InferenceEngine> opener) {
        this(architecture, opener, TILE);
    }

    /**
     * The same with other tiles.
     *
     * @param tile rows and columns of a tile at most, if that leaves a pixel between its borders
     */
    WholePictureDenoiser(Architecture architecture, Function<Network, InferenceEngine> opener, int tile) {
        this.architecture = architecture;
        this.opener = opener;
        reach = Reach.of(architecture.network())
                .orElseThrow(() -> new IllegalArgumentException(
                        "a network with a dense layer has a size of its own, and denoises tiles of that"));
        int least = roundedUp(2 * reach.pixels() + reach.stride());
        largest = Math.max(least, roundedUp(tile));
    }

    private int roundedUp(int pixels) {
        return (pixels + reach.stride() - 1) / reach.stride() * reach.stride();
    }

    @Override
    public Photo forNetwork(Photo photo) {
        return architecture.channels() == 3 ? photo.withChannels(3) : photo;
    }

    @Override
    public List<Photo> denoise(List<Photo> photos) {
        List<Photo> denoised = new ArrayList<>();
        for (Photo photo : photos) {
            float[] values = new float[photo.values().length];
            int channels = architecture.channels();
            for (int first = 0; first < photo.channels(); first += channels) {
                denoise(photo, first, values);
            }
            denoised.add(photo.withValues(photo.channels(), values));
        }
        return denoised;
    }

    /** @param first of the channels that go through the network */
    private void denoise(Photo photo, int first, float[] denoised) {
        Tiles rows = new Tiles(photo.height());
        Tiles columns = new Tiles(photo.width());
        int channels = architecture.channels();
        InferenceEngine fitting = engineFor(rows.tile, columns.tile);
        int size = rows.tile * columns.tile * channels;
        int all = rows.starts.length * columns.starts.length;
        float[] noisy = new float[Math.min(TOGETHER, all) * size];
        float[] clean = new float[noisy.length];
        for (int start = 0; start < all; start += TOGETHER) {
            int count = Math.min(TOGETHER, all - start);
            for (int i = 0; i < count; i++) {
                copy(
                        photo,
                        first,
                        rows,
                        (start + i) / columns.starts.length,
                        columns,
                        (start + i) % columns.starts.length,
                        noisy,
                        i * size);
            }
            fitting.denoise(noisy, count, clean);
            for (int i = 0; i < count; i++) {
                keep(
                        clean,
                        i * size,
                        rows,
                        (start + i) / columns.starts.length,
                        columns,
                        (start + i) % columns.starts.length,
                        photo,
                        first,
                        denoised);
            }
        }
    }

    private InferenceEngine engineFor(int height, int width) {
        if (engine == null
                || engine.network().input().height() != height
                || engine.network().input().width() != width) {
            close();
            engine = opener.apply(architecture
                    .sizedFor(height, width, architecture.channels())
                    .network());
        }
        return engine;
    }

    /** Where tiles lie along one side of a picture. */
    private final class Tiles {
        private final int pixels;
        private final int tile;
        private final int[] starts;

        private Tiles(int pixels) {
            this.pixels = pixels;
            int whole = roundedUp(pixels);
            tile = Math.min(whole, largest);
            int border = roundedUp(reach.pixels());
            int step = tile - 2 * border;
            int count = whole == tile ? 1 : (whole - 2 * border + step - 1) / step;
            starts = new int[count];
            for (int i = 1; i < count; i++) {
                long place = (long) (whole - tile) / reach.stride() * i / (count - 1);
                starts[i] = (int) place * reach.stride();
            }
        }

        /** The first pixel that is kept of a tile: halfway through what it shares with the one before. */
        private int first(int index) {
            return index == 0 ? 0 : (starts[index] + starts[index - 1] + tile) / 2;
        }

        private int end(int index) {
            return index + 1 == starts.length ? pixels : first(index + 1);
        }

        /** The pixel of the picture at a place, which may lie after its end. */
        private int reflected(int place) {
            int period = Math.max(1, 2 * (pixels - 1));
            int within = place % period;
            return within < pixels ? within : period - within;
        }
    }

    private void copy(Photo photo, int first, Tiles rows, int row, Tiles columns, int column, float[] noisy, int at) {
        int channels = architecture.channels();
        int to = at;
        for (int i = 0; i < rows.tile; i++) {
            int line = rows.reflected(rows.starts[row] + i) * photo.width();
            for (int j = 0; j < columns.tile; j++) {
                int from = (line + columns.reflected(columns.starts[column] + j)) * photo.channels() + first;
                for (int c = 0; c < channels; c++) {
                    noisy[to++] = photo.values()[from + c];
                }
            }
        }
    }

    private void keep(
            float[] clean,
            int at,
            Tiles rows,
            int row,
            Tiles columns,
            int column,
            Photo photo,
            int first,
            float[] denoised) {
        int channels = architecture.channels();
        for (int y = rows.first(row); y < rows.end(row); y++) {
            for (int x = columns.first(column); x < columns.end(column); x++) {
                int from = at + ((y - rows.starts[row]) * columns.tile + x - columns.starts[column]) * channels;
                int to = (y * photo.width() + x) * photo.channels() + first;
                System.arraycopy(clean, from, denoised, to, channels);
            }
        }
    }

    /** Closes the engine that is open. */
    @Override
    public void close() {
        if (engine != null) {
            engine.close();
            engine = null;
        }
    }
}
