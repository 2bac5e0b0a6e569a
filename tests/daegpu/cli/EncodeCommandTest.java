package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Denoiser;
import daegpu.Seeds;
import daegpu.cli.Program.Result;
import daegpu.data.DataSets;
import daegpu.data.Depth;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.Photo;
import daegpu.data.Preparation;
import daegpu.data.ReadingListener;
import daegpu.engine.EngineName;
import daegpu.format.LatentVectors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code encode} and {@code decode}. */
@ExtendWith(Seeds.class)
class EncodeCommandTest {

    private static final ImageSet IMAGES = Program.images(4, 9);

    @TempDir
    private static Path shared;

    private static Path model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        model = Program.train(Program.writeImages(shared.resolve("data")), shared.resolve("model"));
    }

    private static Result run(String command, Object... arguments) {
        List<Object> all = new ArrayList<>(List.of(command, model, "--engine", "reference", "--threads", "1"));
        all.addAll(List.of(arguments));
        return Program.run(all.toArray());
    }

    /** Encoding and decoding is what denoising does. */
    @Test
    void thereAndBackIsDenoising() throws IOException {
        Path images = folder.resolve("images-idx3-ubyte");
        IdxFile.write(images, IMAGES);
        Path denoised = folder.resolve("denoised-idx3-ubyte");
        run("denoise", images, "--output", denoised).assertDone();
        for (String name : List.of("latents.csv", "latents.npy")) {
            Path latents = folder.resolve(name);
            assertTrue(run("encode", images, "--output", latents)
                    .assertDone()
                    .out()
                    .contains("Encoded 4 images into 3 values each"));
            Path decoded = folder.resolve(name + "-idx3-ubyte.gz");
            run("decode", latents, "--output", decoded).assertDone();
            assertArrayEquals(
                    IdxFile.read(denoised, 0).pixels(), IdxFile.read(decoded, 0).pixels());
        }
    }

    @Test
    void picturesKeepTheirNames() throws IOException {
        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        Files.write(pictures.resolve("b.png"), ImageFile.encode(IMAGES, 0, "png"));
        Files.write(pictures.resolve("a, first.PNG"), ImageFile.encode(IMAGES, 1, "png"));
        IdxFile.write(folder.resolve("more"), IMAGES);
        Path latents = folder.resolve("latents.csv");
        run("encode", pictures, folder.resolve("more"), "--output", latents).assertDone();
        assertEquals(
                List.of("a, first.PNG", "b.png", "more#1", "more#2", "more#3", "more#4"),
                LatentVectors.read(latents).names());
        Path decoded = folder.resolve("decoded");
        run("decode", latents, "--output", decoded).assertDone();
        assertArrayEquals(
                ImageFile.read(decoded.resolve("b.png"), 8, 8, 1).image().pixels(),
                ImageFile.read(decoded.resolve("more#1.png"), 8, 8, 1).image().pixels());
        assertTrue(Files.exists(decoded.resolve("a__first.png")));
        Result again = run("decode", latents, "--output", decoded);
        again.assertRefused("a__first.png", "--overwrite");
        run("decode", latents, "--output", decoded, "--overwrite").assertDone();
    }

    /** The vectors are those of the images that a training makes of the same pictures. */
    @ParameterizedTest
    @EnumSource(names = {"RESIZE", "CROP", "TILES"})
    void picturesOfAnySizeAreMadeToFit(Preparation.Fit fit) throws IOException {
        Path pictures = Files.createDirectories(folder.resolve("pictures/sub")).getParent();
        Random random = Seeds.random(7);
        // They are compared with those of an IDX file, which has 8 bits a value.
        Depth depth = Depth.BITS_8;
        for (int i = 0; i < 4; i++) {
            float[] values = new float[(5 + 6 * i) * 21 * 3];
            float[] alpha = new float[(5 + 6 * i) * 21];
            for (int j = 0; j < values.length; j++) {
                values[j] = random.nextFloat();
                alpha[j / 3] = random.nextFloat();
            }
            Files.write(
                    pictures.resolve((i == 3 ? "sub/" : "") + i + ".png"),
                    ImageFile.encode(new Photo(5 + 6 * i, 21, 3, values, alpha, depth, "png")));
        }
        Path broken = Files.write(pictures.resolve("0.jpg"), new byte[] {1});
        String option = "--" + fit.name().toLowerCase(Locale.ROOT);
        Path latents = folder.resolve("latents.csv");
        run("encode", pictures, option, "--output", latents)
                .assertRefusedWith(
                        3, broken + " is not a picture that can be read: those are PNG, JPEG, TIFF, BMP, GIF or WebP");
        Path images = folder.resolve("images-idx3-ubyte");
        IdxFile.write(
                images,
                DataSets.validation(
                                null,
                                pictures,
                                0,
                                0,
                                new Preparation(fit, 8, 8, 0, Preparation.Colour.GREY),
                                ReadingListener.SILENT)
                        .images()
                        .target());
        Path expected = folder.resolve("expected.csv");
        run("encode", images, "--output", expected).assertDone();
        assertArrayEquals(
                LatentVectors.read(expected).values(),
                LatentVectors.read(latents).values(),
                1e-6f);
        List<String> names = LatentVectors.read(latents).names();
        assertEquals(
                fit == Preparation.Fit.TILES
                        ? List.of("0.png#1", "0.png#2", "0.png#3", "1.png#1")
                        : List.of("0.png", "1.png", "2.png", "sub/3.png"),
                names.subList(0, 4));
        Path decoded = folder.resolve("decoded");
        run("decode", latents, "--output", decoded).assertDone();
        assertTrue(Files.exists(decoded.resolve(fit == Preparation.Fit.TILES ? "sub_3#1.png" : "sub_3.png")));
        assertEquals(names.size() + 1, Program.content(decoded).size());
    }

    @Test
    void sixteenBitsAreNotRounded() throws IOException {
        float[] values = new float[64];
        Random random = Seeds.random(8);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(65_536) / 65_535f;
        }
        Path picture = folder.resolve("deep.png");
        Files.write(picture, ImageFile.encode(new Photo(8, 8, 1, values, null, Depth.BITS_16, "png")));
        Path latents = folder.resolve("latents.npy");
        run("encode", picture, "--output", latents).assertDone();
        try (Denoiser denoiser = Denoiser.load(model, EngineName.REFERENCE)) {
            assertArrayEquals(
                    denoiser.encode(values), LatentVectors.read(latents).values());
        }
    }

    /**
     * A model that was trained on pictures prepares them as its training did; the model of the other tests must be told
     * how.
     */
    @Test
    void trainingSaysHowPicturesAreTaken() throws IOException {
        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        for (int i = 0; i < 2; i++) {
            Files.write(
                    pictures.resolve(i + ".png"), ImageFile.encode(new ImageSet(16, 32, 1, new byte[512]), 0, "png"));
        }
        Path latents = folder.resolve("latents.npy");
        Result refused = run("encode", pictures, "--output", latents);
        assertEquals(2, refused.status());
        assertTrue(
                refused.err()
                        .contains(pictures.resolve("0.png")
                                + " is 16x32 where 8x8 is wanted; make pictures fit with --resize, --crop or --tiles"),
                refused.err());
        List<Object> training = Program.training(pictures, folder.resolve("run"));
        training.addAll(List.of("--tiles", "8"));
        Program.run(training.toArray()).assertDone();
        String out = Program.run("encode", folder.resolve("run"), pictures, "--output", latents)
                .assertDone()
                .out();
        assertTrue(out.contains("cut into tiles, as for the model's training"), out);
        assertEquals(2 * 8, LatentVectors.read(latents).count());
        run("encode", pictures, "--output", latents, "--resize", "--overlap", "1")
                .assertRefused("exists already");
        run("encode", pictures, "--output", folder.resolve("x.npy"), "--resize", "--overlap", "1")
                .assertRefused("--overlap goes with --tiles");
    }

    @Test
    void whatCannotBeReadIsNamedAndTheRestIsDone() throws IOException {
        Path picture = Files.write(folder.resolve("b.png"), ImageFile.encode(IMAGES, 0, "png"));
        Path broken = Files.writeString(folder.resolve("a.png"), "no picture");
        Path latents = folder.resolve("latents.npy");
        run("encode", broken, picture, "--output", latents).assertRefusedWith(3, broken.toString());
        assertEquals(1, LatentVectors.read(latents).count());
        run("encode", broken, "--output", folder.resolve("other.npy")).assertRefused(broken.toString());
        assertTrue(Files.notExists(folder.resolve("other.npy")));
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path picture = Files.write(folder.resolve("b.png"), ImageFile.encode(IMAGES, 0, "png"));
        run("encode", picture, "--output", folder.resolve("latents.txt")).assertRefused("--output", ".csv", ".npy");
        run("decode", picture, "--output", folder.resolve("x")).assertRefused("LATENTS", ".csv", ".npy");
        Path other = folder.resolve("other.csv");
        new LatentVectors(List.of(), 2, new float[4]).write(other);
        run("decode", other, "--output", folder.resolve("x")).assertRefused(other.toString(), "2", "3");
        new LatentVectors(List.of("same", "same"), 3, new float[6]).write(other);
        run("decode", other, "--output", folder.resolve("named")).assertDone();
        assertTrue(Files.exists(folder.resolve("named/same.png")));
        assertTrue(Files.exists(folder.resolve("named/same_00002.png")));
        run("decode", other, "--output", picture).assertRefused(picture.toString(), "folder");
        run("encode", Files.createDirectories(folder.resolve("empty")), "--output", folder.resolve("l.csv"))
                .assertRefused("empty");
        run("decode", folder.resolve("none.csv"), "--output", folder.resolve("x"))
                .assertRefused("none.csv");
    }

    /** Whatever names files have, and whatever they have in common when they become names of pictures. */
    @Test
    void decodeReadsWhatEncodeWroteOfAnyName() throws IOException {
        List<String> names = List.of(
                "a\nb.png",
                "a b.png",
                "a,b.png",
                "\"q\";r.png",
                "=1+1.png",
                "+x.png",
                "-y.png",
                "@z.png",
                "'=w.png",
                "c.png",
                "c.gif.png",
                "x".repeat(200) + "1.png",
                "x".repeat(200) + "2.png",
                "sub/c.png",
                "sub_c.png");
        Path pictures = folder.resolve("pictures");
        for (int i = 0; i < names.size(); i++) {
            Path file = pictures.resolve(names.get(i));
            Files.createDirectories(file.getParent());
            Files.write(file, ImageFile.encode(IMAGES, i % 4, "png"));
        }
        Path latents = folder.resolve("latents.csv");
        run("encode", pictures, "--output", latents).assertDone();
        assertEquals(
                names.stream().sorted().toList(),
                LatentVectors.read(latents).names().stream().sorted().toList());
        Path decoded = folder.resolve("decoded");
        run("decode", latents, "--output", decoded).assertDone();
        try (Stream<Path> files = Files.list(decoded)) {
            assertEquals(names.size(), files.count());
        }
    }

    /** From one command into the next, by pipes, and the same as by files. */
    @Test
    void streamsAreReadAndWritten() throws IOException, InterruptedException {
        Path picture = Files.write(folder.resolve("a.png"), ImageFile.encode(IMAGES, 0, "png"));
        Path latents = folder.resolve("latents.csv");
        Path decoded = folder.resolve("decoded");
        Path weights = folder.resolve("weights.safetensors");
        Path imported = folder.resolve("imported.safetensors");
        run("encode", picture, "--output", latents).assertDone();
        run("decode", latents, "--output", decoded).assertDone();
        Program.run("export", model, "--to", "safetensors", "--output", weights).assertDone();
        Program.run("import", weights, "--output", imported).assertDone();
        assertEquals(
                Files.readString(latents).replace("\na.png,", "\nstdin,"),
                new String(
                        piped(picture, "encode", model, "-", "--engine", "reference", "--output", "-"),
                        StandardCharsets.UTF_8));
        assertArrayEquals(
                Files.readAllBytes(decoded.resolve("a.png")),
                piped(latents, "decode", model, "-", "--engine", "reference", "--output", "-"));
        assertArrayEquals(
                Files.readAllBytes(weights), piped(picture, "export", model, "--to", "safetensors", "--output", "-"));
        assertArrayEquals(Files.readAllBytes(imported), piped(weights, "import", "-", "--output", "-"));
    }

    private static byte[] piped(Path input, Object... arguments) throws IOException, InterruptedException {
        Process process = Program.fork(List.of(), arguments)
                .redirectInput(input.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        byte[] out = process.getInputStream().readAllBytes();
        assertEquals(0, process.waitFor());
        return out;
    }

    @Test
    void streamsAreRefusedWhereThereIsNone() throws IOException {
        Path latents = folder.resolve("latents.csv");
        new LatentVectors(List.of(), 3, new float[6]).write(latents);
        run("decode", latents, "--output", "-").assertRefused("one picture", "2 vectors");
        Program.run("encode", "-", "a.png", "--output", "b.csv").assertRefused("MODEL", "- here", "./-");
        Program.run("train", "--data", "-", "--output", "x").assertRefused("--data", "- here", "./-");
        Program.run("train", "--output", "-").assertRefused("--output", "./-");
        Program.run("preview", "-").assertRefused("MODEL", "./-");
        Program.run("runs", "-").assertRefused("./-");
    }
}
