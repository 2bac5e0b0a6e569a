package daegpu.cli;

import daegpu.data.ImageFile;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.PictureFolder;
import daegpu.data.Pixels;
import daegpu.data.ReadingListener;
import daegpu.denoise.PictureNoise;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.noise.Noise;
import daegpu.preview.ContactSheet.Block;
import daegpu.train.Evaluation;
import daegpu.train.Evaluation.Result;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures a network on whole pictures of any sizes, one at a time, at several levels of noise. */
final class WholePictures {

    private final List<Path> files;
    private final int channels;
    private final List<Map<Path, Result>> results = new ArrayList<>();
    private final List<InvalidInputException> unusable = new ArrayList<>();
    private final List<List<float[][]>> samples = new ArrayList<>();

    /**
     * Prepares to measure.
     *
     * @param found at least one file
     * @param channels of the network: colours become grey for one channel, greys colours for three
     */
    WholePictures(PictureFolder.Found found, int channels) {
        this.files = found.files();
        this.unusable.addAll(found.unusable());
        this.channels = channels;
    }

    /**
     * Measures all pictures at all levels.
     *
     * @param columns pictures that are shown of each level
     * @param side rows and columns of their middle that are shown at most
     * @throws InvalidInputException if no picture can be used
     */
    void measure(
            WholePictureDenoiser denoiser,
            List<Noise> noises,
            long seed,
            int columns,
            int side,
            ReadingListener listener) {
        noises.forEach(noise -> results.add(new LinkedHashMap<>()));
        Photo[] middles = new Photo[columns];
        int done = 0;
        for (Path file : files) {
            try {
                Pixels clean = ImageFile.openPixels(file).withChannels(channels);
                int column = results.get(0).size();
                if (column < columns && Math.min(clean.height(), clean.width()) >= side) {
                    middles[column] = middle(clean, side);
                }
                for (int level = 0; level < noises.size(); level++) {
                    results.get(level).put(file, Evaluation.of(denoiser, clean, noises.get(level), seed));
                }
            } catch (InvalidInputException e) {
                unusable.add(e);
            }
            listener.progressed("measuring pictures", ++done, files.size());
        }
        if (results.get(0).isEmpty()) {
            throw unusable.get(0);
        }
        // After all pictures: an engine is opened for each change of size.
        noises.forEach(noise -> samples.add(show(denoiser, middles, noise, seed)));
    }

    /** @param middles null where a picture was too small to be shown */
    private static List<float[][]> show(WholePictureDenoiser denoiser, Photo[] middles, Noise noise, long seed) {
        List<float[][]> rows =
                List.of(new float[middles.length][], new float[middles.length][], new float[middles.length][]);
        for (int column = 0; column < middles.length; column++) {
            Photo middle = middles[column];
            if (middle != null) {
                Photo noisy = PictureNoise.add(noise, seed, middle);
                rows.get(0)[column] = middle.values();
                rows.get(1)[column] = noisy.values();
                rows.get(2)[column] = denoiser.denoise(List.of(noisy)).get(0).values();
            }
        }
        return rows;
    }

    private static Photo middle(Pixels picture, int side) {
        int top = (picture.height() - side) / 2;
        int left = (picture.width() - side) / 2;
        int line = side * picture.channels();
        float[] values = new float[side * line];
        for (int row = 0; row < side; row++) {
            picture.read(top + row, left, side, values, row * line);
        }
        return new Photo(side, side, picture.channels(), values, null, picture.depth(), picture.format());
    }

    /** The results of a level by picture. */
    Map<Path, Result> pictures(int level) {
        return results.get(level);
    }

    /** Their average. */
    Result average(int level) {
        return Evaluation.average(List.copyOf(results.get(level).values()));
    }

    /** The middles of some pictures at a level: original over noisy over denoised. */
    Block block(int level, String caption) {
        return new Block(caption, samples.get(level));
    }

    /** What was left out, and why. */
    List<InvalidInputException> unusable() {
        return unusable;
    }
}
