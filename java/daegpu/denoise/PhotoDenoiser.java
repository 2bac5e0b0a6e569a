package daegpu.denoise;

import daegpu.data.Photo;
import daegpu.data.TileGrid;
import daegpu.engine.InferenceEngine;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Denoises pictures of any size by cutting them into tiles of the network's size, which overlap and are blended
 * smoothly. A picture that is smaller than a tile is continued by its reflection. Tiles of several pictures go through
 * the network together.
 */
public final class PhotoDenoiser implements PictureDenoiser {

    /** What a network does to a batch: {@link InferenceEngine#denoise}. */
    @FunctionalInterface
    public interface Batch {

        /**
         * Computes a batch.
         *
         * @param noisy {@code [count, height, width, channels]}; {@code denoised} receives the denoised images, of the
         *     same shape
         */
        void denoise(float[] noisy, int count, float[] denoised);
    }

    /** The largest number of values that go through the network together. */
    private static final int CHUNK = 500 * 28 * 28;

    private final Tensor image;
    private final Batch network;
    private final int overlap;
    private final Strength strength;

    /** One channel, or all, of a picture that is being denoised. */
    private static final class Plane {
        private final TileGrid rows;
        private final TileGrid columns;
        private final float[] noisy;
        private final float[] clean;

        private Plane(TileGrid rows, TileGrid columns, float[] noisy) {
            this.rows = rows;
            this.columns = columns;
            this.noisy = noisy;
            this.clean = new float[noisy.length];
        }
    }

    private record Tile(Plane plane, int y, int x) {}

    /**
     * @param image the network's input, with 1 or 3 channels
     * @param overlap number of pixels that neighbouring tiles share at least; less than the height and width of the
     *     network
     */
    public PhotoDenoiser(Tensor image, Batch network, int overlap, Strength strength) {
        this.image = image;
        this.network = network;
        this.overlap = overlap;
        this.strength = strength;
    }

    /** The overlap at which no seams are visible: half a tile. */
    public static int defaultOverlap(Tensor image) {
        return Math.min(image.height(), image.width()) / 2;
    }

    @Override
    public Photo forNetwork(Photo photo) {
        return image.channels() == 3 ? photo.withChannels(3) : photo;
    }

    @Override
    public List<Photo> denoise(List<Photo> photos) {
        int channels = image.channels();
        List<List<Plane>> planes = new ArrayList<>();
        List<Tile> tiles = new ArrayList<>();
        int most = Math.max(1, CHUNK / image.size());
        for (Photo photo : photos) {
            TileGrid rows = new TileGrid(photo.height(), image.height(), overlap);
            TileGrid columns = new TileGrid(photo.width(), image.width(), overlap);
            List<Plane> own = new ArrayList<>();
            planes.add(own);
            for (int first = 0; first < photo.channels(); first += channels) {
                Plane plane = new Plane(rows, columns, channels(photo, first, channels));
                own.add(plane);
                for (int y = 0; y < rows.count(); y++) {
                    for (int x = 0; x < columns.count(); x++) {
                        tiles.add(new Tile(plane, y, x));
                        if (tiles.size() == most) {
                            flush(tiles);
                        }
                    }
                }
            }
        }
        flush(tiles);
        List<Photo> denoised = new ArrayList<>();
        for (int i = 0; i < photos.size(); i++) {
            denoised.add(photos.get(i).withValues(photos.get(i).channels(), together(planes.get(i), channels)));
        }
        return denoised;
    }

    private static float[] channels(Photo photo, int first, int count) {
        if (count == photo.channels()) {
            return photo.values();
        }
        float[] values = new float[photo.height() * photo.width() * count];
        for (int i = 0; i < values.length; i++) {
            values[i] = photo.values()[i / count * photo.channels() + first + i % count];
        }
        return values;
    }

    private static float[] together(List<Plane> planes, int channels) {
        if (planes.size() == 1) {
            return planes.get(0).clean;
        }
        float[] values = new float[planes.size() * planes.get(0).clean.length];
        int all = planes.size() * channels;
        for (int i = 0; i < values.length; i++) {
            values[i] = planes.get(i % all / channels).clean[i / all * channels + i % channels];
        }
        return values;
    }

    private void flush(List<Tile> tiles) {
        int size = image.size();
        float[] noisy = new float[tiles.size() * size];
        float[] denoised = new float[noisy.length];
        for (int i = 0; i < tiles.size(); i++) {
            Tile tile = tiles.get(i);
            TileGrid.copy(
                    tile.plane.rows,
                    tile.plane.columns,
                    tile.plane.noisy,
                    image.channels(),
                    tile.y,
                    tile.x,
                    noisy,
                    i * size);
        }
        if (!tiles.isEmpty()) {
            network.denoise(noisy, tiles.size(), denoised);
            strength.apply(noisy, noisy.length, denoised);
        }
        for (int i = 0; i < tiles.size(); i++) {
            Tile tile = tiles.get(i);
            TileGrid.blend(
                    tile.plane.rows,
                    tile.plane.columns,
                    tile.plane.clean,
                    image.channels(),
                    tile.y,
                    tile.x,
                    denoised,
                    i * size);
        }
        tiles.clear();
    }

    /** Does nothing: it owns nothing. */
    @Override
    public void close() {}
}
