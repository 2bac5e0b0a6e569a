package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.data.PageReader;
import daegpu.data.Photo;
import daegpu.data.PicturePage;
import daegpu.data.PicturePair;
import daegpu.data.Pixels;
import daegpu.data.ReadingListener;
import daegpu.data.ValueRange;
import daegpu.denoise.PictureNoise;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.metrics.PairComparison;
import daegpu.noise.Noise;
import daegpu.preview.ContactSheet.Block;
import daegpu.train.Evaluation;
import daegpu.train.Evaluation.Result;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Measures a network on whole pictures of any sizes, one at a time, at several levels of noise. */
final class WholePictures {

    /** Rows and columns of the middle of a picture that is compared with its target. */
    private static final int MOST_COMPARED = 256;

    /** @param target empty where noise is added to the input */
    private record Pair(PicturePage input, Optional<PicturePage> target) {}

    private final List<Pair> pairs = new ArrayList<>();
    private final PageReader reader;
    /** Of targets, so that both files stay open from page to page. */
    private final PageReader targets;

    private final int channels;
    private final List<Map<PicturePage, Result>> results = new ArrayList<>();
    private final List<InvalidInputException> unusable = new ArrayList<>();
    private final List<List<float[][]>> samples = new ArrayList<>();
    private final PairComparison comparison = new PairComparison();

    /**
     * Prepares to measure.
     *
     * @param found at least one picture
     * @param limit of the pictures, of which the first are taken; 0 takes all
     * @param range of the values in files of floats; null for their percentiles
     * @param channels of the network: colours become grey for one channel, greys colours for three
     */
    WholePictures(PicturePair.Found found, int limit, ValueRange range, int channels) {
        this.unusable.addAll(found.unusable());
        this.channels = channels;
        reader = new PageReader(range);
        targets = new PageReader(range);
        for (PicturePair pair : found.pairs()) {
            if (limit == 0 || pairs.size() < limit) {
                try {
                    pairs.addAll(pages(pair));
                } catch (InvalidInputException e) {
                    unusable.add(e);
                }
            }
        }
        if (limit > 0 && pairs.size() > limit) {
            pairs.subList(limit, pairs.size()).clear();
        }
    }

    /** Page belongs to page. */
    private List<Pair> pages(PicturePair pair) {
        List<PicturePage> inputs = reader.pages(pair.input());
        if (pair.target().isEmpty()) {
            return inputs.stream()
                    .map(input -> new Pair(input, Optional.empty()))
                    .toList();
        }
        List<PicturePage> expected = targets.pages(pair.target().get());
        PicturePair.requireAsManyPages(inputs, expected);
        return IntStream.range(0, inputs.size())
                .mapToObj(page -> new Pair(inputs.get(page), Optional.of(expected.get(page))))
                .toList();
    }

    /**
     * Measures all pictures at all levels.
     *
     * @param noises what is added to pictures without a target; of no importance for the others
     * @param most pictures that are shown of each level, at most
     * @param side rows and columns of their middle that are shown at most
     * @throws InvalidInputException if no picture can be used
     */
    void measure(
            WholePictureDenoiser denoiser,
            List<Noise> noises,
            long seed,
            int most,
            int side,
            ReadingListener listener) {
        noises.forEach(noise -> results.add(new LinkedHashMap<>()));
        int columns = Math.min(most, pairs.size());
        Photo[] inputs = new Photo[columns];
        Photo[] shown = new Photo[columns];
        int done = 0;
        for (Pair pair : pairs) {
            try {
                Pixels input = reader.read(pair.input).withChannels(channels);
                Pixels target = pair.target.isPresent() ? target(pair.target.get(), pair.input, input) : input;
                if (pair.target.isPresent()) {
                    compare(input, target);
                }
                int column = results.get(0).size();
                if (column < columns && Math.min(input.height(), input.width()) >= side) {
                    inputs[column] = middle(input, side);
                    shown[column] = middle(target, side);
                }
                for (int level = 0; level < noises.size(); level++) {
                    Result result = pair.target.isPresent()
                            ? Evaluation.of(denoiser, input, target)
                            : Evaluation.of(denoiser, input, noises.get(level), seed);
                    results.get(level).put(pair.input, result);
                }
            } catch (InvalidInputException e) {
                unusable.add(e);
            }
            listener.progressed("measuring pictures", ++done, pairs.size());
        }
        reader.close();
        targets.close();
        if (results.get(0).isEmpty()) {
            throw unusable.get(0);
        }
        // After all pictures: an engine is opened for each change of size.
        noises.forEach(noise -> samples.add(show(denoiser, inputs, shown, noise, seed)));
    }

    /** The middles of both. */
    private void compare(Pixels input, Pixels target) {
        int side = Math.min(MOST_COMPARED, Math.min(input.height(), input.width()));
        comparison.add(
                side,
                side,
                channels,
                middle(input, side).values(),
                middle(target, side).values(),
                0);
    }

    /** What can be told of inputs and targets that were compared. */
    PairComparison comparison() {
        return comparison;
    }

    private Pixels target(PicturePage file, PicturePage inputFile, Pixels input) {
        Pixels target = targets.read(file).withChannels(channels);
        PicturePair.requireOneSize(inputFile, input.height(), input.width(), file, target.height(), target.width());
        return target;
    }

    /** @param inputs null where a picture was too small to be shown; the targets likewise */
    private static List<float[][]> show(
            WholePictureDenoiser denoiser, Photo[] inputs, Photo[] targets, Noise noise, long seed) {
        List<float[][]> rows =
                List.of(new float[inputs.length][], new float[inputs.length][], new float[inputs.length][]);
        for (int column = 0; column < inputs.length; column++) {
            if (inputs[column] != null) {
                Photo noisy = PictureNoise.add(noise, seed, inputs[column]);
                rows.get(0)[column] = targets[column].values();
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
        return new Photo(
                side, side, picture.channels(), values, null, picture.depth(), picture.format(), picture.range());
    }

    /** The results of a level by picture. */
    Map<PicturePage, Result> pictures(int level) {
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
