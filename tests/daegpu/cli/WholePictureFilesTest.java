package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import daegpu.Seeds;
import daegpu.cli.Program.Result;
import daegpu.data.Depth;
import daegpu.data.ImageFile;
import daegpu.data.Photo;
import daegpu.denoise.PictureNoise;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.model.Network;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pictures from file to file through a U-Net, in tiles and strips as small as the memory wants them. */
@ExtendWith(Seeds.class)
class WholePictureFilesTest {

    /** Hardly enough for the smallest tiles of the pictures here. */
    private static final String LITTLE = "170K";

    @TempDir
    private static Path shared;

    private static Path model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        Path data = Program.writeImages(shared.resolve("data"));
        model = shared.resolve("model");
        Program.run(Program.training(data, model, "--network", "unet", "--filters", "3,4", "--blocks", "1,0")
                        .toArray())
                .assertDone();
    }

    private static Result denoise(Object... arguments) {
        List<Object> all = new ArrayList<>(List.of("denoise", model, "--engine", "reference", "--threads", "2"));
        all.addAll(List.of(arguments));
        return Program.run(all.toArray());
    }

    private static Photo photo(Random random, int height, int width, int channels, Depth depth, boolean transparent) {
        int largest = depth.white();
        float[] values = new float[height * width * channels];
        float[] alpha = transparent ? new float[height * width] : null;
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(largest + 1) / (float) largest;
            if (transparent) {
                // Colours under an alpha of 0 are none of the picture's: PictureFormatsTest has them.
                alpha[i / channels] = (1 + random.nextInt(largest)) / (float) largest;
            }
        }
        return new Photo(height, width, channels, values, alpha, depth, "png");
    }

    /** What the network, opened for the whole picture, makes of it, channel by channel; its sides are even. */
    private static float[] whole(Photo photo) {
        Checkpoint checkpoint = Checkpoint.read(model.resolve("best.safetensors"));
        Network network = checkpoint
                .options()
                .architecture()
                .sizedFor(photo.height(), photo.width(), 1)
                .network();
        float[] result = new float[photo.values().length];
        try (InferenceEngine engine = Engines.open(EngineName.REFERENCE, network, EngineOptions.fp32(1))
                .engine()) {
            engine.load(checkpoint.state().weights().on(network));
            float[] plane = new float[photo.height() * photo.width()];
            float[] clean = new float[plane.length];
            for (int c = 0; c < photo.channels(); c++) {
                for (int i = 0; i < plane.length; i++) {
                    plane[i] = photo.values()[i * photo.channels() + c];
                }
                engine.denoise(plane, 1, clean);
                for (int i = 0; i < plane.length; i++) {
                    result[i * photo.channels() + c] = Math.min(Math.max(clean[i], 0), 1);
                }
            }
        }
        return result;
    }

    /** As far apart as two roundings of nearly the same number can be. */
    private static void assertSame(float[] expected, Photo actual, double further) {
        double step = 1.0 / actual.depth().white();
        assertEquals(expected.length, actual.values().length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual.values()[i], step / 2 + 2e-6 + further, "value " + i);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, BITS_8, false", "1, BITS_16, true", "3, BITS_8, true", "3, BITS_16, false", "3, BITS_16, true"})
    void manyTilesGiveWhatTheWholePictureGives(int channels, Depth depth, boolean transparent) throws IOException {
        Photo photo = photo(Seeds.random(depth.white() + channels), 70, 64, channels, depth, transparent);
        Path in = Files.write(folder.resolve("in.png"), ImageFile.encode(photo));
        Path out = folder.resolve("out.png");
        denoise(in, "--output", out, "--memory", LITTLE).assertDone();
        Photo clean = ImageFile.open(out);
        assertEquals(
                List.of(70, 64, channels, depth),
                List.of(clean.height(), clean.width(), clean.channels(), clean.depth()));
        assertSame(whole(photo), clean, 0);
        if (transparent) {
            assertArrayEquals(photo.alpha(), clean.alpha());
        }
        Path again = folder.resolve("again.png");
        denoise(in, "--output", again, "--strength", "0").assertDone();
        assertArrayEquals(photo.values(), ImageFile.open(again).values());
    }

    /** Added noise is drawn strip by strip, and is that of the picture. */
    @Test
    void addedNoiseIsThatOfThePicture() throws IOException {
        Photo photo = photo(Seeds.random(1), 66, 70, 3, Depth.BITS_16, false);
        Path in = Files.write(folder.resolve("in.png"), ImageFile.encode(photo));
        Path out = folder.resolve("out.png");
        denoise(in, "--output", out, "--memory", LITTLE, "--add-noise", "--seed", "3")
                .assertDone();
        Photo noisy = PictureNoise.add(
                Checkpoint.read(model.resolve("best.safetensors")).options().noise(), 3, photo);
        assertSame(whole(noisy), ImageFile.open(out), 0);
    }

    /** A camera that was held upright: what was decoded is turned while it is read. */
    @ParameterizedTest
    @CsvSource({"1", "2", "3", "4", "5", "6", "7", "8"})
    void jpegIsTurnedUpright(int tag) throws IOException {
        // Smooth, so that what JPEG loses is little.
        float[] values = new float[72 * 56 * 3];
        for (int i = 0; i < values.length; i++) {
            double row = Math.floorDiv(i, 3 * 56);
            double column = Math.floorMod(Math.floorDiv(i, 3), 56);
            values[i] = (float) (0.5 + 0.2 * Math.sin(row / 20 + i % 3) + 0.2 * Math.sin(column / 15));
        }
        Photo stored = new Photo(72, 56, 3, values, null, Depth.BITS_8, "jpeg");
        Path in = Files.write(folder.resolve("in.jpg"), withOrientation(ImageFile.encode(stored), tag));
        Path out = folder.resolve("out.jpg");
        denoise(in, "--output", out, "--memory", LITTLE).assertDone();
        Photo upright = ImageFile.open(in);
        assertEquals(tag >= 5 ? 56 : 72, upright.height());
        assertSame(whole(upright), ImageFile.open(out), 0.04);
    }

    /** An EXIF segment that says how the camera was held, after the start of the image. */
    private static byte[] withOrientation(byte[] jpeg, int tag) {
        byte[] segment = HexFormat.of()
                .parseHex("ffe10022" + "457869660000" + "4d4d002a00000008" + "0001" + "011200030000000100" + "0" + tag
                        + "0000" + "00000000");
        ByteBuffer whole = ByteBuffer.allocate(jpeg.length + segment.length);
        return whole.put(jpeg, 0, 2).put(segment).put(jpeg, 2, jpeg.length - 2).array();
    }

    @Test
    void refusesInOneLine() throws IOException {
        Path in = Files.write(
                folder.resolve("in.png"), ImageFile.encode(photo(new Random(1), 70, 64, 1, Depth.BITS_8, false)));
        Path out = folder.resolve("out.png");
        denoise(in, "--output", out, "--memory", "1K").assertRefused("at least 1 MiB", "raise --memory");
        denoise(in, "--output", out, "--memory", "much").assertRefused("'much' is not a size of memory, such as 256M");
        denoise(in, "--output", out, "--strength", "1.5").assertRefused("--strength must be from 0 to 1, not 1.5");
        assertFalse(Files.exists(out));
    }
}
