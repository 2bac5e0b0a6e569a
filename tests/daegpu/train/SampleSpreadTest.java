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
import daegpu.engine.EngineName;
import daegpu.model.Autoencoder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @Test
    void samplesAreAsFarApartAsTheyCanBe() {
        for (int count : new int[] {1, 26, 27, 53, 54, 1000}) {
            int step = SampleBlock.step(count, 27);
            assertEquals(Math.max(1, count / 27), step);
            assertTrue(count < 27 || 26 * step < count);
        }
    }
}
