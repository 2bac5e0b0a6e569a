package daegpu.preview;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_LEFT;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_N;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_RIGHT;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_S;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_V;

import daegpu.data.InvalidInputException;
import daegpu.preview.ContactSheet.Block;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keys, the mouse and dropped files do, without a window. */
class ModelPreviewTest {

    @TempDir
    private Path folder;

    private final StringBuilder asked = new StringBuilder();
    private final ModelPreview.Model model = new ModelPreview.Model() {
        @Override
        public Block corrupted(float std, long draw) {
            asked.append("std ").append(std).append(" draw ").append(draw).append('\n');
            return new Block(List.<float[][]>of(new float[][] {flat(std)}));
        }

        @Override
        public String title(float level) {
            return "Level " + level;
        }

        @Override
        public Block denoised(Path picture) {
            asked.append(picture).append('\n');
            if (picture.endsWith("bad.png")) {
                throw new InvalidInputException("bad.png is damaged");
            }
            return new Block(List.<float[][]>of(new float[][] {flat(0.8f)}));
        }
    };

    private static float[] flat(float value) {
        float[] image = new float[64];
        Arrays.fill(image, value);
        return image;
    }

    private ModelPreview preview() {
        return new ModelPreview(8, 8, 1, 0.5f, folder, model);
    }

    private String askedFor(ModelPreview preview) {
        asked.setLength(0);
        preview.picture();
        return asked.toString();
    }

    @Test
    void keysChangeTheNoise() {
        ModelPreview preview = preview();
        assertEquals("std 0.5 draw 0\n", askedFor(preview));
        preview.keyPressed(GLFW_KEY_RIGHT);
        assertEquals("std 0.55 draw 0\n", askedFor(preview));
        preview.keyPressed(GLFW_KEY_N);
        assertEquals("std 0.55 draw 1\n", askedFor(preview));
        for (int i = 0; i < 30; i++) {
            preview.keyPressed(GLFW_KEY_LEFT);
        }
        assertEquals("std 0.0 draw 1\n", askedFor(preview));
    }

    @Test
    void sliderGoesFromEndToEnd() {
        ModelPreview preview = preview();
        BufferedImage picture = preview.picture();
        int sheetHeight = 4 + 64 + 4;
        preview.dragged(16, sheetHeight + 34);
        assertEquals("std 0.0 draw 0\n", askedFor(preview));
        preview.dragged(picture.getWidth() - 16, sheetHeight + 30);
        assertEquals("std 1.5 draw 0\n", askedFor(preview));
        preview.dragged(picture.getWidth() / 2.0, sheetHeight + 34);
        assertEquals("std 0.75 draw 0\n", askedFor(preview));
        preview.dragged(16, 20);
        assertEquals("std 0.75 draw 0\n", askedFor(preview), "the images are no part of the slider");
        preview.dragged(-500, sheetHeight + 34);
        assertEquals("std 0.0 draw 0\n", askedFor(preview));
        assertEquals(
                0x1F77B4, preview.picture().getRGB(16, sheetHeight + 34) & 0xFFFFFF, "its knob is at the left end");
    }

    @Test
    void droppedPictureIsShownUntilTheNoiseIsWanted() {
        ModelPreview preview = preview();
        preview.picture();
        preview.dropped(List.of(Path.of("scan.png")));
        assertEquals("scan.png\n", askedFor(preview));
        int caption = Lettering.missing().isEmpty() ? 20 : 0;
        assertEquals(0xCCCCCC, preview.picture().getRGB(10, 10 + caption) & 0xFFFFFF);
        preview.keyPressed(GLFW_KEY_V);
        assertEquals("std 0.5 draw 0\n", askedFor(preview));
        preview.dropped(List.of(Path.of("bad.png")));
        assertEquals("bad.png\nstd 0.5 draw 0\n", askedFor(preview), "the validation images come back");
    }

    @Test
    void savesWhatItShowsAndReplacesNothing() throws IOException {
        ModelPreview preview = preview();
        BufferedImage shown = preview.picture();
        int[] pixels = shown.getRGB(0, 0, shown.getWidth(), shown.getHeight(), null, 0, shown.getWidth())
                .clone();
        preview.keyPressed(GLFW_KEY_S);
        BufferedImage saved = ImageIO.read(folder.resolve("preview-1.png").toFile());
        assertArrayEquals(pixels, saved.getRGB(0, 0, saved.getWidth(), saved.getHeight(), null, 0, saved.getWidth()));
        assertFalse(Files.exists(folder.resolve("preview-2.png")));
        preview.keyPressed(GLFW_KEY_S);
        assertTrue(Files.exists(folder.resolve("preview-2.png")));
    }
}
