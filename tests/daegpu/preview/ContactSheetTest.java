package daegpu.preview;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.preview.ContactSheet.Block;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContactSheetTest {

    @Test
    void rowsAndBlocksAreStackedWithAWiderGapBetweenBlocks() {
        float[][] row = {flat(28 * 28, 0), flat(28 * 28, 1), flat(28 * 28, 0.5f)};
        Block block = new Block(List.of(row, row));
        BufferedImage sheet = ContactSheet.draw(28, 28, 1, List.of(block, block));
        Raster raster = sheet.getRaster();
        assertEquals(1, raster.getNumBands());
        assertEquals(4 + 3 * (56 + 4), sheet.getWidth());
        assertEquals(4 + 4 * (56 + 4) + 16, sheet.getHeight());
        int[] tops = {4, 64, 140, 200};
        for (int top : tops) {
            assertEquals(0, raster.getSample(4, top, 0));
            assertEquals(0, raster.getSample(4 + 55, top + 55, 0));
            assertEquals(255, raster.getSample(64, top, 0));
            assertEquals(128, raster.getSample(124 + 55, top + 55, 0));
            assertBackground(raster, 4, top - 1);
            assertBackground(raster, 60, top);
            assertBackground(raster, 180, top + 55);
            assertBackground(raster, 4, top + 56);
        }
    }

    private static void assertBackground(Raster raster, int x, int y) {
        for (int other : new int[] {0, 255, 128}) {
            assertNotEquals(other, raster.getSample(x, y, 0), "at " + x + ", " + y);
        }
    }

    @Test
    void everyPixelBecomesASquare() {
        float[] image = new float[8 * 4];
        for (int i = 0; i < image.length; i++) {
            image[i] = i * 8 / 255f;
        }
        Raster raster = ContactSheet.draw(8, 4, 1, List.of(new Block(List.<float[][]>of(new float[][] {image}))))
                .getRaster();
        assertEquals(4 + 4 * 8 + 4, raster.getWidth());
        assertEquals(4 + 8 * 8 + 4, raster.getHeight());
        for (int y = 0; y < 64; y++) {
            for (int x = 0; x < 32; x++) {
                assertEquals((y / 8 * 4 + x / 8) * 8, raster.getSample(4 + x, 4 + y, 0));
            }
        }
    }

    @Test
    void colourImagesKeepTheirColours() {
        float[] image = {1, 0.2f, 0, 0, 0.4f, 1, -3, 7, Float.NaN, 0.6f, 0.6f, 0.6f};
        BufferedImage sheet = ContactSheet.draw(2, 2, 3, List.of(new Block(List.<float[][]>of(new float[][] {image}))));
        assertEquals(0xFFFF3300, sheet.getRGB(4, 4));
        assertEquals(0xFF0066FF, sheet.getRGB(4 + 32, 4));
        assertEquals(0xFF00FF00, sheet.getRGB(4, 4 + 32), "values out of range are clipped");
        assertEquals(0xFF999999, sheet.getRGB(4 + 63, 4 + 63));
    }

    @Test
    void otherNumbersOfChannelsAreDrawnAsFarAsTheyCanBe() {
        float[] two = {0.2f, 1};
        assertEquals(
                51,
                ContactSheet.draw(1, 1, 2, List.of(new Block(List.<float[][]>of(new float[][] {two}))))
                        .getRaster()
                        .getSample(4, 4, 0));
        float[] five = {0.2f, 0.4f, 0.6f, 1, 1};
        assertEquals(
                0xFF336699,
                ContactSheet.draw(1, 1, 5, List.of(new Block(List.<float[][]>of(new float[][] {five}))))
                        .getRGB(4, 4));
    }

    @Test
    void largeImagesAreReduced() {
        float[] image = new float[600 * 1100];
        for (int i = 0; i < image.length; i++) {
            image[i] = i % 1100 % 3 == 0 && i / 1100 % 3 == 0 ? 1 : 0;
        }
        Raster raster = ContactSheet.draw(600, 1100, 1, List.of(new Block(List.<float[][]>of(new float[][] {image}))))
                .getRaster();
        assertEquals(4 + 200 + 4, raster.getHeight());
        assertEquals(4 + 367 + 4, raster.getWidth());
        assertEquals(255, raster.getSample(4 + 366, 4 + 199, 0));
    }

    @Test
    void rowsMayDifferInLength() {
        Block block = new Block(List.of(new float[][] {flat(1, 1)}, new float[][] {flat(1, 1), flat(1, 0)}));
        assertEquals(
                4 + 2 * (64 + 4), ContactSheet.draw(1, 1, 1, List.of(block)).getWidth());
    }

    @Test
    void captionsStandAboveTheirBlocks() {
        assumeTrue(Lettering.missing().isEmpty(), () -> Lettering.missing().orElseThrow());
        Block block = new Block(List.<float[][]>of(new float[][] {flat(1, 1)}));
        int width = 4 + 9 * (64 + 4);
        Block wide = new Block(List.<float[][]>of(new float[][] {
            flat(1, 1), flat(1, 1), flat(1, 1), flat(1, 1), flat(1, 1), flat(1, 1), flat(1, 1), flat(1, 1), flat(1, 1)
        }));
        Raster raster = ContactSheet.draw(1, 1, 1, List.of(wide.captioned("Some digits"), block))
                .getRaster();
        assertEquals(width, raster.getWidth());
        assertEquals(4 + 20 + 64 + 20 + 64 + 4, raster.getHeight());
        assertEquals(255, raster.getSample(4, 24, 0), "the first row comes below its caption");
        assertEquals(255, raster.getSample(4, 24 + 64 + 20, 0));
        int dark = 0;
        for (int y = 0; y < 22; y++) {
            for (int x = 0; x < width; x++) {
                dark += raster.getSample(x, y, 0) < 80 ? 1 : 0;
            }
        }
        assertTrue(dark > 50, dark + " dark pixels is not text");
        String words = "A caption that is much wider than the one small image below it";
        assertTrue(
                ContactSheet.draw(1, 1, 1, List.of(block.captioned(words))).getWidth() > 300, "the caption is cut off");
    }

    @Test
    void anImageOfAnotherSizeIsRefused() {
        Block block = new Block(List.<float[][]>of(new float[][] {flat(5, 0)}));
        assertThrows(IllegalArgumentException.class, () -> ContactSheet.draw(2, 2, 1, List.of(block)));
    }

    private static float[] flat(int size, float value) {
        float[] image = new float[size];
        Arrays.fill(image, value);
        return image;
    }
}
