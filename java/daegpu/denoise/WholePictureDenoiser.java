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
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;

/**
 * Denoises pictures of any size by a network without dense layers, as though each went through it as a whole: in tiles
 * that overlap by as much as the network sees around a pixel. Of a tile, only those pixels are kept that see no edge of
 * the tile, unless it is an edge of the picture. If the strides do not divide a side of the picture, it is first
 * continued by its reflection.
 *
 * <p>Tiles are computed when their rows are read, a strip of them at a time. The memory that they take is bounded: the
 * values of a strip, of the tiles that go through the network together, and the values within the network. Tiles are as
 * large as that bound allows, as long as this is faster: a larger tile has a smaller part of border, but there must be
 * one for each image that goes through the network at the same time.
 */
public final class WholePictureDenoiser implements PictureDenoiser {

    /**
     * The largest number of pixels of a tile, with its borders: progress is then reported about every second, and a
     * GPU's memory is large enough.
     */
    private static final int LARGEST_TILE = 1 << 20;
    /**
     * Rows and columns of tiles are multiples of this number, as the cpu engine computes blocks of this size of the
     * output at a time: tiles of 284×284 took 1.11 times as long for each pixel as those of 288×288 (AVX-512, fp32).
     */
    private static final int MULTIPLE = 8;
    /** Factor by which smaller tiles may take longer, for the memory that they save. */
    private static final double SMALLER_TILES = 1.03;

    private static final int FLOAT_BYTES = 4;

    private final Architecture architecture;
    private final TileEngines engines;
    private final Strength strength;
    private final long memory;
    private final Reach reach;
    /** Number of pixels of a tile that are not kept on each side, unless that is a side of the picture. */
    private final int border;

    /** Rows and columns of the smallest tile. */
    private final int least;
    /** Number of pixels of the largest tile, unless the smallest has more. */
    private final int largest;

    private final Map<Size, Network> networks = new HashMap<>();
    /** The engines that are open, in the order of their last use. */
    private final Map<Batch, InferenceEngine> open = new LinkedHashMap<>(16, 0.75f, true);

    private record Size(int height, int width) {

        long pixels() {
            return (long) height * width;
        }
    }

    /**
     * What an engine computes.
     *
     * @param size of its tiles
     * @param together tiles that go through the network at the same time
     */
    private record Batch(Size size, int together) {}

    /**
     * How a picture is cut.
     *
     * @param rowsTogether number of rows of tiles that are computed at a time, so that as many tiles as possible go
     *     together
     * @param time an estimate: number of pixels of tiles that go through the network one after the other
     * @param memory about how many bytes it takes
     */
    private record Tiling(Batch batch, int rowsTogether, long time, double memory) {}

    /**
     * Prepares to denoise.
     *
     * @param memory the largest number of bytes that tiles, strips and the values within the network may take
     * @throws IllegalArgumentException if the network has a dense layer
     */
    public WholePictureDenoiser(Architecture architecture, TileEngines engines, Strength strength, long memory) {
        this(architecture, engines, strength, memory, LARGEST_TILE);
    }

    /**
     * The same with tiles of another largest size.
     *
     * @param largest the largest number of pixels of a tile, if that leaves a pixel between its borders
     */
    WholePictureDenoiser(Architecture architecture, TileEngines engines, Strength strength, long memory, int largest) {
        this.architecture = architecture;
        this.engines = engines;
        this.strength = strength;
        this.memory = memory;
        reach = Reach.of(architecture.network())
                .orElseThrow(() -> new IllegalArgumentException(
                        "a network with a dense layer has a size of its own, and denoises tiles of that"));
        border = roundedUp(reach.pixels());
        least = 2 * border + reach.stride();
        this.largest = largest;
    }

    /** The default for the memory in bytes: a quarter of what Java may use. */
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

    /** The picture with the channels with which it goes through the network. */
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
     * The denoised picture. A strip of it is computed when the first of its rows is read, and forgotten when a row of
     * another strip is read, so rows should be read in order. It can be read until this denoiser is closed.
     *
     * @param noisy a picture as {@link #forNetwork} returns it
     * @param progress is told after each batch of tiles what part of the picture has been computed, up to 1. An
     *     exception that it throws is thrown where the rows are read
     * @throws InvalidInputException if even the smallest tiles of such a wide picture need more memory than is allowed
     */
    public Pixels denoise(Pixels noisy, DoubleConsumer progress) {
        return new DenoisedPixels(noisy, progress);
    }

    /** The fastest tiling that the memory allows, or a smaller one that is about as fast. */
    private Tiling tiling(Pixels picture) {
        List<Tiling> fitting = new ArrayList<>();
        // Larger tiles take as much for each pixel, or less, since buffers are rounded up.
        Size smallest = new Size(least, least);
        double bytesOfPixel = (double) imageMemory(smallest) / smallest.pixels();
        for (int height : sides(picture.height())) {
            for (int width : sides(picture.width())) {
                Size size = new Size(height, width);
                if (size.pixels() <= largest || height <= least && width <= least) {
                    tiling(picture, size, bytesOfPixel * size.pixels()).ifPresent(fitting::add);
                }
            }
        }
        Size leastSize =
                new Size(Math.min(least, roundedUp(picture.height())), Math.min(least, roundedUp(picture.width())));
        double leastMemory = stripMemory(picture, leastSize) + bytesOfPixel * leastSize.pixels();
        long fastest = fitting.stream()
                .mapToLong(Tiling::time)
                .min()
                .orElseThrow(() -> new InvalidInputException(
                        "a picture of " + picture.height() + "x" + picture.width() + " takes at least "
                                + mebibytes(leastMemory)
                                + " MiB to go through this network in the smallest tiles, and it may take "
                                + (memory >> 20) + " MiB",
                        Remedy.MORE_FOR_TILES));
        return fitting.stream()
                .filter(tiling -> tiling.time <= SMALLER_TILES * fastest)
                .min(Comparator.comparingDouble(Tiling::memory))
                .orElseThrow();
    }

    /**
     * One way to cut a picture, if the memory allows it.
     *
     * @param image about how many bytes a tile takes on its way through the network
     */
    private Optional<Tiling> tiling(Pixels picture, Size size, double image) {
        long strip = stripMemory(picture, size);
        int rows = count(picture.height(), size.height);
        int inRow = count(picture.width(), size.width) * planes(picture);
        int fitting = (int) Math.min((memory - strip) / image, engines.together());
        int together = (int) Math.min(fitting, (long) rows * inRow);
        if (together <= 0) {
            return Optional.empty();
        }
        long room = (long) (memory - together * image);
        int rowsTogether = (int) Math.max(1, Math.min((together + inRow - 1) / inRow, Math.min(rows, room / strip)));
        long batches = (long) (rows / rowsTogether) * batches(rowsTogether * inRow, together)
                + batches(rows % rowsTogether * inRow, together);
        return Optional.of(new Tiling(
                new Batch(size, together),
                rowsTogether,
                batches * size.pixels(),
                rowsTogether * strip + together * image));
    }

    private static int batches(int tiles, int together) {
        return (tiles + together - 1) / together;
    }

    private static long mebibytes(double bytes) {
        return ((long) bytes >> 20) + 1;
    }

    /** All sizes of tiles for one side of a picture: for each number of tiles, the smallest size. */
    private List<Integer> sides(int pixels) {
        int whole = roundedUp(pixels);
        List<Integer> sides = new ArrayList<>(List.of(whole));
        for (int tiles = 2; sides.get(sides.size() - 1) > least; tiles++) {
            int side = roundedUp((whole - 2 * border + tiles - 1) / tiles) + 2 * border;
            int multiple = roundedUp((side + MULTIPLE - 1) / MULTIPLE * MULTIPLE);
            int taken = side > least ? multiple : least;
            if (taken < sides.get(sides.size() - 1)) {
                sides.add(taken);
            }
        }
        return sides;
    }

    /** Number of tiles along a side. */
    private int count(int pixels, int tile) {
        int whole = roundedUp(pixels);
        int step = tile - 2 * border;
        return whole == tile ? 1 : (whole - 2 * border + step - 1) / step;
    }

    /**
     * Number of images for the network in each tile: 3 if the network is for grey images and the picture is in colour.
     */
    private int planes(Pixels picture) {
        return picture.channels() / architecture.channels();
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

    /** An open engine for the batch, or a new one; those that were used longest ago are closed to make room for it. */
    private InferenceEngine engine(Batch batch, long room) {
        InferenceEngine fitting = open.get(batch);
        if (fitting == null) {
            long taken = memory(batch);
            for (Batch other : open.keySet()) {
                taken += memory(other);
            }
            Iterator<Map.Entry<Batch, InferenceEngine>> eldest = open.entrySet().iterator();
            while (taken > room && eldest.hasNext()) {
                Map.Entry<Batch, InferenceEngine> other = eldest.next();
                taken -= memory(other.getKey());
                other.getValue().close();
                eldest.remove();
            }
            fitting = engines.open(network(batch.size), batch.together);
            open.put(batch, fitting);
        }
        return fitting;
    }

    private long memory(Batch batch) {
        return batch.together * imageMemory(batch.size);
    }

    /** Where tiles lie along one side of a picture. */
    private final class Tiles {
        private final int pixels;
        private final int tile;
        private final int[] starts;

        private Tiles(int pixels, int tile) {
            this.pixels = pixels;
            this.tile = tile;
            int count = count(pixels, tile);
            starts = new int[count];
            for (int i = 1; i < count; i++) {
                long place = (long) (roundedUp(pixels) - tile) / reach.stride() * i / (count - 1);
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
        private final Batch batch;
        private final Tiles rows;
        private final Tiles columns;
        private final int planes;
        private final int rowsTogether;
        /** The values of the tile that was read last, with all channels. */
        private final float[] tile;
        /** The rows from {@link #firstRow} to {@link #endRow}. */
        private float[] strip = new float[0];

        private int firstRow;
        private int endRow;

        DenoisedPixels(Pixels noisy, DoubleConsumer progress) {
            super(noisy);
            this.progress = progress;
            Tiling tiling = tiling(noisy);
            batch = tiling.batch;
            rowsTogether = tiling.rowsTogether;
            rows = new Tiles(noisy.height(), batch.size.height);
            columns = new Tiles(noisy.width(), batch.size.width);
            planes = planes(noisy);
            tile = new float[rows.tile * columns.tile * noisy.channels()];
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

        /** @param first the first row of tiles; {@code end} is after the last */
        private void compute(int first, int end) {
            InferenceEngine engine = engine(batch, memory - rowsTogether * stripMemory(source(), batch.size));
            int size = engine.network().input().size();
            int inRow = columns.starts.length * planes;
            int all = (end - first) * inRow;
            float[] noisy = new float[Math.min(batch.together, all) * size];
            float[] clean = new float[noisy.length];
            for (int start = 0; start < all; start += batch.together) {
                int count = Math.min(batch.together, all - start);
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

        /** Copies one image for the network from the tile that was read last. */
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
