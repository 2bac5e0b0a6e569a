package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.cli.Program.Result;
import daegpu.data.EmbeddedMnist;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model for digits spoils photographs, and {@code denoise} says so; of what a model is for it says nothing. */
class UnlikeTrainingTest {

    @TempDir
    private Path folder;

    /** A picture of bright and dark areas, whose mean is about that of noise of mean 0.5 on black. */
    private Path picture(String name, int height, int width, int channels) throws IOException {
        byte[] pixels = new byte[height * width * channels];
        for (int i = 0; i < pixels.length; i++) {
            int x = i / channels % width;
            int y = i / channels / width;
            pixels[i] = (byte)
                    Math.round(128 + 100 * Math.sin(6.0 * x / width + i % channels) * Math.cos(4.0 * y / height));
        }
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, ImageFile.encode(new ImageSet(height, width, channels, pixels), 0, "png"));
    }

    private Result denoise(Object model, Path input, Object... options) {
        Object[] arguments = new Object[options.length + 6];
        System.arraycopy(
                new Object[] {"denoise", model, input, "--output", folder.resolve("out"), "--overwrite"},
                0,
                arguments,
                0,
                6);
        System.arraycopy(options, 0, arguments, 6, options.length);
        return Program.run(arguments);
    }

    @Test
    void aPhotographThroughTheModelForDigitsIsWarnedOf() throws IOException {
        for (int channels : new int[] {1, 3}) {
            Path picture = picture("photo" + channels + ".png", 90, 120, channels);
            Result result = denoise("digits", picture);
            assertEquals(0, result.status());
            assertEquals(1, result.err().lines().count(), result.err());
            assertTrue(
                    result.err()
                            .startsWith("dae-gpu denoise: warning: " + picture + " is probably not what this model"
                                    + " was trained on: "),
                    result.err());
            assertTrue(
                    result.err()
                            .contains(
                                    "the noise of the training explains, clip(image + N(0.5, 0.25..1.0), 0, 1) (mean brightness 1"),
                    result.err());
        }
    }

    @Test
    void manyAreCountedInOneLine() throws IOException {
        for (int i = 0; i < 5; i++) {
            picture("photos/" + i + ".png", 60, 50 + i, 1);
        }
        String first = folder.resolve("photos/0.png").toString();
        Result result = denoise("digits", folder.resolve("photos"));
        assertEquals(0, result.status());
        assertEquals(1, result.err().lines().count(), result.err());
        assertTrue(result.err().contains(": warning: " + first + " and 4 more files are probably not"), result.err());
        denoise("photo-grey", folder.resolve("photos")).assertDone();
    }

    /** Also with much more noise than the model knows, also where nothing or next to nothing is to be seen. */
    @Test
    void photographsThroughTheModelsForThemAreNot() throws IOException {
        for (int channels : new int[] {1, 3}) {
            String model = channels == 1 ? "photo-grey" : "photo-color";
            Path picture = picture("photo" + channels + ".png", 90, 120, channels);
            denoise(model, picture).assertDone();
            denoise(model, picture, "--add-noise").assertDone();
            denoise(model, picture, "--add-noise", "--noise-std", "0.4", "--clip")
                    .assertDone();
            denoise(model, picture, "--strength", "0.25").assertDone();
            for (int value : new int[] {0, 3, 252, 255}) {
                byte[] pixels = new byte[40 * 50 * channels];
                Arrays.fill(pixels, (byte) value);
                Path flat = folder.resolve("flat.png");
                Files.write(flat, ImageFile.encode(new ImageSet(40, 50, channels, pixels), 0, "png"));
                denoise(model, flat).assertDone();
                denoise(model, flat, "--add-noise", "--clip").assertDone();
            }
        }
    }

    @Test
    void digitsThroughTheModelForThemAreNot() throws IOException {
        Path digits = folder.resolve("digits.idx");
        IdxFile.write(digits, EmbeddedMnist.test(60));
        for (String level : new String[] {"0.25", "0.5", "1"}) {
            denoise("digits", digits, "--add-noise", "--noise-std", level).assertDone();
        }
        Path one = folder.resolve("digit.png");
        Files.write(one, ImageFile.encode(EmbeddedMnist.test(1), 0, "png"));
        denoise("digits", one, "--add-noise").assertDone();
    }
}
