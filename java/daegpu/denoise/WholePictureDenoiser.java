package daegpu.denoise;

import daegpu.data.ChangedPixels;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.Pixels;
import daegpu.data.Remedy;
import daegpu.engine.InferenceEngine;
import daegpu.model.Architecture;
import daegpu.model.Network;
import daegpu.model.Reach;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;

/**
 * Denoises pictures of any size by a network without dense layers, as though each went through it as a whole: in tiles
 * that overlap by what the network sees, of which only those pixels are kept that see no edge of the tile but where it
 * is an edge of the picture. A side that the strides do not divide is first continued by its reflection.
 *
 * <p>Tiles are computed when their rows are read, a strip of them at a time, and what they take is bounded: the values
 * of a strip, of the tiles that go through the network together, and what the network makes of these on its way. Where
 * that bound is low, tiles are smaller or fewer of them go together.
 */
public final class WholePictureDenoiser implements PictureDenoiser {

    /** Rows and columns of a tile at most, borders among them. */
    private static final int TILE = 256;

    private static final int FLOAT_BYTES = 4;

    private final Architecture architecture;
    private final TileEngines engines;
    private final Strength strength;
    private final long memory;
    private final Reach reach;
    /** Pixels of a tile that are not kept, on each side that is none of the picture. */
    private final int border;

    private final int least;
    private final int largest;
    private final Map<Size, Network> networks = new HashMap<>();
    /** That are open, those used last at the end. */
    private final Map<Tiling, InferenceEngine> open = new LinkedHashMap<>(16, 0.75f, true);

    private record Size(int height, int width) {}

    /**
     * How a picture is cut.
     *
     * @param size of its tiles
     * @param together tiles that go through the network at the same time
     */
    private record Tiling(Size size, int together) {}

    /**
     * Prepares to denoise.
     *
     * @param memory bytes that tiles, strips and the network's own values take at most
     * @throws IllegalArgumentException if the network has a dense layer
     */
    public WholePictureDenoiser(Architecture architecture, TileEngines engines, Strength strength, long memory) {
        this(architecture, engines, strength, memory, TILE);
    }

    /**
     * The same with other tiles.
     *
     * @param tile rows and columns of a tile at most, if that leaves a pixel between its borders
     */
    WholePictureDenoiser(Architecture architecture, TileEngines engines, Strength strength, long memory, int tile) {
        this.architecture = architecture;
        this.engines = engines;
        this.strength = strength;
        this.memory = memory;
        reach = Reach.of(architecture.network())
                .orElseThrow(() -> new IllegalArgumentException(
                        "a network with a dense layer has a size of its own, and denoises tiles of that"));
        border = roundedUp(reach.pixels());
        least = 2 * border + reach.stride();
        largest = Math.max(least, roundedUp(tile));
    }

    /** Bytes that it may take where nobody says how many: a quarter of what Java may use. */
    public static long defaultMemory() {
        return Runtime.getRuntime().maxMemory() / 4;
    }

    private int roundedUp(int pixels) {
        return (pixels + reach.stride() - 1) / reach.stride() * reach.stride();
    }

    @Override
    public Photo forNetwork(Photo photo) {
        return architecture.channels() == 3 ? photo.withChannels(3) : photo;
    }

    /** A picture with the channels with which it goes through the network, likewise. */
    public Pixels forNetwork(Pixels picture) {
        return architecture.channels() == 3 ? picture.withChannels(3) : picture;
    }

    @Override
    public List<Photo> denoise(List<Photo> photos) {
        List<Photo> denoised = new ArrayList<>();
        for (Photo photo : photos) {
            denoised.add(photo.withValues(
                    photo.channels(), denoise(photo, part -> {}).values()));
        }
        return denoised;
    }

    /**
     * The denoised picture. A strip of it is computed when the first of its rows is read, and forgotten when one of
     * another strip is, so read them in order. It can be read until this denoiser is closed.
     *
     * @param noisy as {@link #forNetwork} gives it
     * @param progress is told, after each batch of tiles, what part of the picture has been computed, up to 1; what it
     *     throws comes out where the rows are read
     * @throws InvalidInputException if even the smallest tiles of so wide a picture take more memory than there may be
     */
    public Pixels denoise(Pixels noisy, DoubleConsumer progress) {
        return new DenoisedPixels(noisy, progress);
    }

    /** The largest tiles of which the most go together, weighed by how much of what is computed is kept. */
    private Tiling tiling(Pixels picture) {
        Tiling best = null;
        double bestKept = 0;
        for (int tile = largest; tile >= least; tile -= reach.stride()) {
            Size size = size(picture, tile);
            long each = imageMemory(size);
            long fitting = (memory - stripMemory(picture, size)) / each;
            int together = (int) Math.min(engines.together(), fitting);
            double kept = Math.pow((double) (tile - 2 * border) / tile, 2) * together;
            if (kept > bestKept) {
                best = new Tiling(size, together);
                bestKept = kept;
            }
            if (together == engines.together() || size.equals(size(picture, least))) {
                break;
            }
        }
        if (best == null) {
            Size size = size(picture, least);
            throw new InvalidInputException(
                    "a picture of " + picture.height() + "x" + picture.width() + " takes at least "
                            + mebibytes(stripMemory(picture, size) + imageMemory(size))
                            + " MiB to go through this network in the smallest tiles, and it may take "
                            + (memory >> 20) + " MiB",
                    Remedy.MORE_FOR_TILES);
        }
        return best;
    }

    private static long mebibytes(long bytes) {
        return (bytes >> 20) + 1;
    }

    /** That of the tiles of a picture, which it may be smaller than. */
    private Size size(Pixels picture, int tile) {
        return new Size(Math.min(roundedUp(picture.height()), tile), Math.min(roundedUp(picture.width()), tile));
    }

    /** Bytes of the values that a strip of tiles leaves, and of a tile of the picture with all channels. */
    private static long stripMemory(Pixels picture, Size tile) {
        return (long) FLOAT_BYTES * tile.height * (picture.width() + tile.width) * picture.channels();
    }

    /** Bytes of a tile on its way through the network: what goes in, what comes out, and what is between. */
    private long imageMemory(Size size) {
        Network network = network(size);
        return 2L * FLOAT_BYTES * network.input().size() + engines.memory(network);
    }

    private Network network(Size size) {
        return networks.computeIfAbsent(size, key -> architecture
                .sizedFor(key.height, key.width, architecture.channels())
                .network());
    }

    /** One that is open, or a new one, for which those that were used longest ago make room. */
    private InferenceEngine engine(Tiling tiling, long room) {
        InferenceEngine fitting = open.get(tiling);
        if (fitting == null) {
            long taken = memory(tiling);
            for (Tiling other : open.keySet()) {
                taken += memory(other);
            }
            Iterator<Map.Entry<Tiling, InferenceEngine>> eldest =
                    open.entrySet().iterator();
            while (taken > room && eldest.hasNext()) {
                Map.Entry<Tiling, InferenceEngine> other = eldest.next();
                taken -= memory(other.getKey());
                other.getValue().close();
                eldest.remove();
            }
            fitting = engines.open(network(tiling.size), tiling.together);
            open.put(tiling, fitting);
        }
        return fitting;
    }

    private long memory(Tiling tiling) {
        return tiling.together * imageMemory(tiling.size);
    }

    /** Where tiles lie along one side of a picture. */
    private final class Tiles {
        private final int pixels;
        private final int tile;
        private final int[] starts;

        private Tiles(int pixels, int tile) {
            this.pixels = pixels;
            this.tile = tile;
            int whole = roundedUp(pixels);
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

    private final class DenoisedPixels extends ChangedPixels {

        private final DoubleConsumer progress;
        private final Tiling tiling;
        private final Tiles rows;
        private final Tiles columns;
        /** Images for the network in each tile: 3 where it is for greys and the picture is in colour. */
        private final int planes;
        /** Rows of tiles that are computed at a time, so that all can go together that may. */
        private final int rowsTogether;
        /** Of the tile that was read last, with all channels. */
        private final float[] tile;
        /** The rows from {@link #firstRow} to {@link #endRow}. */
        private float[] strip = new float[0];

        private int firstRow;
        private int endRow;

        DenoisedPixels(Pixels noisy, DoubleConsumer progress) {
            super(noisy);
            this.progress = progress;
            tiling = tiling(noisy);
            rows = new Tiles(noisy.height(), tiling.size.height);
            columns = new Tiles(noisy.width(), tiling.size.width);
            planes = noisy.channels() / architecture.channels();
            tile = new float[rows.tile * columns.tile * noisy.channels()];
            int inRow = columns.starts.length * planes;
            long room = memory - memory(tiling);
            rowsTogether = (int) Math.max(
                    1,
                    Math.min(
                            (tiling.together + inRow - 1) / inRow,
                            Math.min(rows.starts.length, room / stripMemory(noisy, tiling.size))));
        }

        @Override
        public void read(int row, int column, int count, float[] values, int at) {
            if (row < firstRow || row >= endRow) {
                compute(row);
            }
            int from = ((row - firstRow) * width() + column) * channels();
            System.arraycopy(strip, from, values, at, count * channels());
        }

        /** Computes the strip that a row belongs to. */
        private void compute(int row) {
            int first = 0;
            while (row >= rows.end(Math.min(first + rowsTogether, rows.starts.length) - 1)) {
                first += rowsTogether;
            }
            int end = Math.min(first + rowsTogether, rows.starts.length);
            endRow = 0; // in case this fails
            firstRow = rows.first(first);
            int values = (rows.end(end - 1) - firstRow) * width() * channels();
            if (strip.length < values) {
                strip = new float[values];
            }
            compute(first, end);
            endRow = rows.end(end - 1);
        }

        /** @param first of the rows of tiles; {@code end} is after the last */
        private void compute(int first, int end) {
            InferenceEngine engine = engine(tiling, memory - rowsTogether * stripMemory(source(), tiling.size));
            int size = engine.network().input().size();
            int inRow = columns.starts.length * planes;
            int all = (end - first) * inRow;
            float[] noisy = new float[Math.min(tiling.together, all) * size];
            float[] clean = new float[noisy.length];
            for (int start = 0; start < all; start += tiling.together) {
                int count = Math.min(tiling.together, all - start);
                for (int i = 0; i < count; i++) {
                    int image = first * inRow + start + i;
                    if (i == 0 || image % planes == 0) {
                        readTile(image / inRow, image % inRow / planes);
                    }
                    copyPlane(image % planes, noisy, i * size, size);
                }
                engine.denoise(noisy, count, clean);
                strength.apply(noisy, count * size, clean);
                for (int i = 0; i < count; i++) {
                    int image = first * inRow + start + i;
                    keep(clean, i * size, image / inRow, image % inRow / planes, image % planes);
                }
                progress.accept((first * inRow + start + count) / ((double) rows.starts.length * inRow));
            }
        }

        private void readTile(int row, int column) {
            int line = columns.tile * channels();
            int left = columns.starts[column];
            int inside = Math.min(columns.tile, width() - left);
            for (int i = 0; i < rows.tile; i++) {
                source().read(rows.reflected(rows.starts[row] + i), left, inside, tile, i * line);
                for (int j = inside; j < columns.tile; j++) {
                    int from = i * line + (columns.reflected(left + j) - left) * channels();
                    System.arraycopy(tile, from, tile, i * line + j * channels(), channels());
                }
            }
        }

        /** Copies what goes through the network of the tile that was read last. */
        private void copyPlane(int plane, float[] noisy, int at, int size) {
            if (planes == 1) {
                System.arraycopy(tile, 0, noisy, at, size);
                return;
            }
            for (int i = 0; i < size; i++) { // a network for greys
                noisy[at + i] = tile[i * planes + plane];
            }
        }

        private void keep(float[] clean, int at, int row, int column, int plane) {
            int channels = architecture.channels();
            int left = columns.first(column);
            int count = (columns.end(column) - left) * channels;
            for (int y = rows.first(row); y < rows.end(row); y++) {
                int from = at + ((y - rows.starts[row]) * columns.tile + left - columns.starts[column]) * channels;
                int to = ((y - firstRow) * width() + left) * channels();
                for (int i = 0; i < count; i++) {
                    strip[to + i / channels * channels() + plane * channels + i % channels] = clean[from + i];
                }
            }
        }
    }

    /** Closes the engines that are open. */
    @Override
    public void close() {
        open.values().forEach(InferenceEngine::close);
        open.clear();
    }
}
