package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.cli.Program.Result;
import daegpu.data.ImageFile;
import daegpu.data.InvalidInputException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many files, of which some cannot be read or written: the rest is done, and a stopped batch is gone on with. */
class DenoiseBatchTest {

    @TempDir
    private static Path shared;

    private static Path tiles;
    private static Path whole;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        Path data = Program.writeImages(shared.resolve("data"));
        tiles = Program.train(data, shared.resolve("tiles"));
        whole = shared.resolve("whole");
        Program.run(Program.training(data, whole, "--network", "unet", "--filters", "3,4", "--blocks", "1,0")
                        .toArray())
                .assertDone();
    }

    private static Path model(String name) {
        return name.equals("tiles") ? tiles : whole;
    }

    private static List<Object> command(String model, Object... arguments) {
        List<Object> all = new ArrayList<>(List.of("denoise", model(model), "--engine", "reference", "--threads", "1"));
        all.addAll(List.of(arguments));
        return all;
    }

    private static Result denoise(String model, Object... arguments) {
        return Program.run(command(model, arguments).toArray());
    }

    private Path write(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, ImageFile.encode(Program.images(1, 5), 0, "png"));
    }

    /** A telephone's folder has HEIC pictures between the others; a folder of nothing else is refused elsewhere. */
    @Test
    void picturesOfOtherFormatsAreNamed() throws IOException {
        write("in/a.png");
        byte[] heic = "\0\0\0\u0018ftypheic\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
        Files.write(folder.resolve("in/b.HEIC"), heic);
        Files.write(folder.resolve("in/c.psd"), "8BPS".getBytes(StandardCharsets.ISO_8859_1));
        Files.writeString(folder.resolve("in/notes.txt"), "not a picture");
        Path out = folder.resolve("out");
        Result result = denoise("whole", folder.resolve("in"), "--output", out);
        assertEquals(3, result.status(), result.err());
        assertTrue(result.err().contains("b.HEIC is a HEIC picture"), result.err());
        assertTrue(result.err().contains("c.psd is a Photoshop document"), result.err());
        assertEquals(2, result.err().lines().count(), result.err());
        assertTrue(Files.exists(out.resolve("a.png")));
    }

    /** In the locale C, Java reads the bytes of such a name, but cannot make a text of it and back. */
    @Test
    void namesThatTheLocaleCannotHoldAreDenoised() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "other systems have no names of bytes");
        write("in/a.png");
        Process copying = new ProcessBuilder("sh", "-c", "cp in/a.png \"in/$(printf '\\303\\251').png\"")
                .directory(folder.toFile())
                .start();
        assertEquals(0, copying.waitFor());
        Path out = folder.resolve("out");
        ProcessBuilder builder = Program.fork(
                List.of(),
                command("whole", folder.resolve("in"), "--output", out).toArray());
        builder.environment().put("LC_ALL", "C");
        assertEquals(0, Program.finish(builder.start()).status());
        try (Stream<Path> results = Files.list(out)) {
            assertEquals(2, results.count());
        }
    }

    /** Each is named at the end: folders in the way, links that lead nowhere or around, long names, closed folders. */
    @ParameterizedTest
    @ValueSource(strings = {"tiles", "whole"})
    void whatOneOfThemDoesEndsNotTheBatch(String model) throws IOException {
        Path in = folder.resolve("in");
        String longest = "x".repeat(250) + ".png";
        for (String name : List.of("a.png", "b.png", "inner/c.png", "z.png", "file/d.png", longest)) {
            write("in/" + name);
        }
        Path closed = Files.createDirectories(in.resolve("closed"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
        boolean isClosed = !Files.isReadable(closed); // not for root
        Files.createSymbolicLink(in.resolve("latest"), Path.of("."));
        Files.createSymbolicLink(in.resolve("dangling.png"), Path.of("nowhere"));
        Files.createSymbolicLink(in.resolve("itself.png"), Path.of("itself.png"));
        Path out = folder.resolve("out");
        Files.createDirectories(out.resolve("b.png/in the way"));
        Files.writeString(out.resolve("file"), "in the way, too");
        Result result = denoise(model, in, folder.resolve("absent.png"), "--output", out);
        assertEquals(3, result.status(), result.err());
        for (String name : List.of("latest", "dangling.png", "itself.png", "out/b.png", "out/file", "absent.png")) {
            assertEquals(
                    1, result.err().lines().filter(line -> line.contains(name)).count(), name + ": " + result.err());
        }
        assertEquals(isClosed ? 7 : 6, result.err().lines().count(), result.err());
        assertEquals(isClosed, result.err().contains("closed"), result.err());
        for (String name : List.of("a.png", "inner/c.png", "z.png", longest)) {
            assertTrue(Files.isRegularFile(out.resolve(name)), name);
        }
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiles", "whole"})
    void aStoppedBatchGoesOnWithoutWhatIsThere(String model) throws IOException {
        write("in/a.png");
        write("in/b.png");
        write("in/bad.png");
        Files.writeString(folder.resolve("in/bad.png"), "no picture");
        Path out = folder.resolve("out");
        Path there = write("out/a.png");
        byte[] before = Files.readAllBytes(there);
        Object[] command = {folder.resolve("in"), "--output", out, "--skip-existing"};
        Result first = denoise(model, command);
        assertEquals(3, first.status());
        assertEquals(
                "Denoised 1 of 3 files into " + out + "; of 1 there was a result already",
                first.out().strip());
        assertArrayEquals(before, Files.readAllBytes(there));
        Files.delete(folder.resolve("in/bad.png"));
        Result second = denoise(model, command).assertDone();
        assertEquals(
                "Denoised 0 of 2 files into " + out + "; of 2 there was a result already",
                second.out().strip());
        denoise(model, folder.resolve("in"), "--output", out, "--skip-existing", "--overwrite")
                .assertRefused("--skip-existing", "--overwrite");
    }

    /** What systems and programs put beside a user's pictures, and results of an earlier call by way of a link. */
    @Test
    void litterAndResultsAreNoInput() throws IOException {
        write("in/a.png");
        for (String name : List.of(
                "@eaDir/a.png/SYNOPHOTO_THUMB_M.png",
                "__MACOSX/._a.png",
                "__MACOSX/a.png",
                "$RECYCLE.BIN/a.png",
                "#recycle/a.png",
                ".@__thumb/a.png",
                ".Trash-1000/files/a.png",
                ".thumbnails/a.png",
                "lost+found/a.png",
                "System Volume Information/a.png",
                "._b.png",
                "more/._b.png")) {
            write("in/" + name);
        }
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("in"));
        for (int call = 0; call < 2; call++) {
            Result result = denoise("whole", link, "--output", folder.resolve("in/clean"), "--overwrite")
                    .assertDone();
            assertTrue(result.out().startsWith("Denoised 1 of 1 file"), result.out());
        }
    }

    /** One that is larger than the memory, in a program that has little, among others; by either kind of model. */
    @ParameterizedTest
    @ValueSource(strings = {"tiles", "whole"})
    void aPictureLargerThanTheMemoryIsNamed(String model) throws IOException, InterruptedException {
        write("in/a.png");
        write("in/c.png");
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_USHORT, 2400, 2400, 4, null);
        ColorModel colours = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_sRGB),
                true,
                false,
                ColorModel.TRANSLUCENT,
                DataBuffer.TYPE_USHORT);
        Path large = folder.resolve("in/b.png");
        ImageIO.write(new BufferedImage(colours, raster, false, null), "png", large.toFile());
        Result result = Program.finish(Program.fork(
                        List.of("-Xmx40m"),
                        command(model, folder.resolve("in"), "--output", folder.resolve("out"))
                                .toArray())
                .start());
        assertEquals(3, result.status(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        assertTrue(result.err().startsWith("dae-gpu denoise: " + large + " "), result.err());
        assertTrue(result.err().contains("java -Xmx"), result.err());
        assertTrue(result.out().contains("Denoised 2 of 3 files"), result.out());
    }

    /** The folder of the results is inside the input by a link, or the link is the output; and both where it ends. */
    @Test
    void resultsAreNotReadAgainThroughALink() throws IOException {
        write("in/a.png");
        Path out = Files.createDirectory(folder.resolve("out"));
        Path link = Files.createSymbolicLink(folder.resolve("in/link"), out);
        Path inner = Files.createDirectory(folder.resolve("in/inner"));
        Path outerLink = Files.createSymbolicLink(folder.resolve("outer"), inner);
        for (Path output : List.of(link, out, outerLink, inner)) {
            for (int call = 0; call < 2; call++) {
                Result result = denoise("whole", folder.resolve("in"), "--output", output, "--overwrite")
                        .assertDone();
                assertTrue(result.out().startsWith("Denoised 1 of 1 file"), output + ": " + result.out());
            }
            Files.delete(output.resolve("a.png"));
        }
    }

    /** Where the input is inside the folder of the results, none of it is a result. */
    @Test
    void resultsMayGoToTheFolderAroundTheInput() throws IOException {
        write("all/raw/a.png");
        write("all/raw/more/b.png");
        Result result = denoise("whole", folder.resolve("all/raw"), "--output", folder.resolve("all"))
                .assertDone();
        assertTrue(result.out().startsWith("Denoised 2 of 2 files"), result.out());
        assertTrue(Files.exists(folder.resolve("all/more/b.png")));
    }

    /** By a pipe, whose bytes can be read only once, into a pipe, which gets nothing but the picture. */
    @ParameterizedTest
    @ValueSource(strings = {"-", "/dev/stdin"})
    void standardInputAndOutput(String input) throws IOException, InterruptedException {
        assumeTrue(input.equals("-") || Files.exists(Path.of(input)));
        Path in = write("a.png");
        Path expected = folder.resolve("expected.png");
        denoise("whole", in, "--output", expected).assertDone();
        Process process = Program.fork(
                        List.of(), command("whole", input, "--output", "-").toArray())
                .start();
        try (OutputStream out = process.getOutputStream()) {
            out.write(Files.readAllBytes(in));
        }
        assertArrayEquals(Files.readAllBytes(expected), process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor());
        assertEquals(
                "Denoised 1 of 1 file into the standard output",
                process.errorReader().readLine());
    }

    @Test
    void streamsHaveLimitsAndNames() throws IOException {
        Path zero = Path.of("/dev/zero");
        assumeTrue(Files.exists(zero));
        try (StandardStreams streams = new StandardStreams(1000)) {
            String message = assertThrows(InvalidInputException.class, () -> streams.read(zero))
                    .getMessage();
            assertEquals("/dev/zero has over 0 MiB, too much to be read", message);
            Path file = write("a.png");
            assertEquals(file, streams.read(file));
        }
        denoise("whole", Path.of("/dev/null"), "--output", folder.resolve("x.png"))
                .assertRefused("/dev/null is empty");
        denoise("whole", write("a.png"), write("b.png"), "--output", "-").assertRefused("--output -");
        denoise("whole", "-", "--output", folder + "/").assertRefused("--output");
    }
}
