package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Training;
import daegpu.data.ImageFile;
import daegpu.data.ImageFiles;
import daegpu.data.ImageSet;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.data.ValidationSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.preview.ContactSheet.Block;
import daegpu.preview.TrainingPicture;
import daegpu.train.LearningRate.Schedule;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The samples of a run on tiles are from all validation pictures; of other images they are the first ones. */
class SampleSpreadTest {

    private static final int PICTURES = 40;

    @TempDir
    private Path folder;

    /** Picture i has the grey 10 + 5 i all over. */
    private Path pictures(int side) throws IOException {
        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        for (int i = 0; i < PICTURES; i++) {
            byte[] pixels = new byte[side * side];
            Arrays.fill(pixels, (byte) (10 + 5 * i));
            Files.write(
                    pictures.resolve(String.format(Locale.ROOT, "%03d.png", i)),
                    ImageFile.encode(new ImageSet(side, side, 1, pixels), 0, "png"));
        }
        return pictures;
    }

    /** Greys of pictures that are to be seen in the first sample. */
    private Set<Integer> shown(ImageFiles images) throws IOException {
        Path run = folder.resolve("run");
        new Training(images)
                .epochs(1)
                .batchSize(64)
                .network(Autoencoder.smallest(List.of(2, 2), 3, 2))
                .engine(EngineName.REFERENCE)
                .threads(1)
                .run(run);
        BufferedImage sample = ImageIO.read(run.resolve("samples/epoch-001.png").toFile());
        int[] counts = new int[256];
        for (int y = 0; y < sample.getHeight(); y++) {
            for (int x = 0; x < sample.getWidth(); x++) {
                counts[sample.getRaster().getSample(x, y, 0)]++;
            }
        }
        Set<Integer> greys = new TreeSet<>();
        for (int i = 0; i < PICTURES; i++) {
            // An image in one grey, of 8x8 pixels that are drawn large; noise makes a few pixels of any grey.
            if (counts[10 + 5 * i] >= 1500) {
                greys.add(i);
            }
        }
        return greys;
    }

    @ParameterizedTest
    @EnumSource(
            value = Fit.class,
            names = {"TILES", "PATCHES"})
    void tilesOfAllValidationPicturesAreShown(Fit fit) throws IOException {
        Preparation cut = new Preparation(fit, 8, 8, 0, Colour.GREY, fit == Fit.PATCHES ? 64 : 0);
        Set<Integer> shown = shown(ImageFiles.in(pictures(48)).prepared(cut));
        assertTrue(shown.containsAll(Set.of(36, 37, 38, 39)), shown::toString);
    }

    @Test
    void ofOtherPicturesTheFirstAreShown() throws IOException {
        Set<Integer> shown = shown(new ImageFiles(pictures(8), null, 0.75, 0, 0, Preparation.NONE));
        assertTrue(shown.contains(10) && shown.contains(36) && !shown.contains(39), shown::toString);
    }

    /** What the preview shows while a network is trained on tiles, or on other images. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void previewShowsTheSame(boolean spread) {
        byte[] pixels = new byte[1000 * 64];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i / 64 / 10); // Ten tiles of each picture.
        }
        ImageSet validation = new ImageSet(8, 8, 1, pixels);
        Autoencoder small = new Autoencoder(8, 8, 1, List.of(2, 2), 3, 2);
        List<TrainingPicture> shown = new ArrayList<>();
        try (InspectableEngine engine = Engines.openToTrain(
                        EngineName.REFERENCE, small.network(), LearningRule.DEFAULT, EngineOptions.fp32(1))
                .engine()) {
            engine.load(TrainingState.initial(Initializer.glorotUniform(small.network(), 0)));
            TrainingOptions options = new TrainingOptions(
                    small,
                    Noise.gaussian(0, 0.1f),
                    0,
                    4,
                    new LearningRate(Schedule.CONSTANT, 1e-3, 0),
                    LearningRule.DEFAULT);
            PreviewFeed feed = new PreviewFeed(
                    engine, ValidationSet.of(validation), spread, options, List.of(), false, shown::add);
            feed.epochStarted(1, 1, 0, 10);
            feed.progressed(5, 0.5);
        }
        List<Block> blocks = shown.get(0).samples();
        Set<Integer> pictures = new TreeSet<>();
        for (Block block : blocks) {
            for (float[] original : block.rows().get(0)) {
                pictures.add(Math.round(255 * original[0]));
            }
        }
        int images =
                blocks.stream().mapToInt(block -> block.rows().get(0).length).sum();
        assertEquals(spread ? images : (images + 9) / 10, pictures.size(), pictures::toString);
        String caption = blocks.get(1).caption();
        int second = blocks.get(0).rows().get(0).length * (spread ? 1000 / images : 1) + 1;
        assertTrue(
                caption.startsWith("Validation images " + second + " to ") && caption.contains("one of") == spread,
                caption);
    }

    @Test
    void samplesAreAsFarApartAsTheyCanBe() {
        for (int count : new int[] {1, 26, 27, 53, 54, 1000}) {
            int step = SampleBlock.step(count, 27);
            assertEquals(Math.max(1, count / 27), step);
            assertTrue(count < 27 || 26 * step < count);
        }
    }
}
