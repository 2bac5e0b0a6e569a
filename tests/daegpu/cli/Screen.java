package daegpu.cli;

import java.awt.Point;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** An X server that draws into memory, and what is to be seen on it. */
final class Screen implements AutoCloseable {

    private final Process server;
    private final Path frameBuffer;
    private final String display;

    private Screen(Process server, Path frameBuffer, String display) {
        this.server = server;
        this.frameBuffer = frameBuffer;
        this.display = display;
    }

    /** Starts a server that keeps its frame buffer in {@code folder}, under a number that is free. */
    static Screen open(Path folder) throws IOException {
        Process server = new ProcessBuilder(
                        "Xvfb",
                        "-displayfd",
                        "1",
                        "-screen",
                        "0",
                        "1280x1024x24",
                        "-fbdir",
                        folder.toString(),
                        "-nolisten",
                        "tcp")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String number = server.inputReader().readLine();
        if (number == null) {
            throw new IOException("Xvfb does not start");
        }
        return new Screen(server, folder.resolve("Xvfb_screen0"), ":" + number.strip());
    }

    /** Lets a process draw on this screen. */
    ProcessBuilder on(ProcessBuilder process) {
        process.environment().put("DISPLAY", display);
        process.environment().remove("WAYLAND_DISPLAY");
        return process;
    }

    /** Waits until there is a window with this title. */
    void awaitWindow(String title) throws IOException, InterruptedException {
        run("timeout", "60", "xdotool", "search", "--sync", "--onlyvisible", "--name", title);
    }

    /** Presses a key in the window with this title. */
    void press(String title, String key) throws IOException, InterruptedException {
        // In two steps: given both, it would send the key straight to the window, and fail if that is gone when it is
        // released.
        run("xdotool", "search", "--name", title, "windowfocus", "--sync");
        run("xdotool", "key", key);
    }

    private void run(String... command) throws IOException, InterruptedException {
        Process process =
                on(new ProcessBuilder(command).redirectErrorStream(true)).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
    }

    /** All of the screen, read from the server's own memory, in the format of xwd: 32 bits a pixel, blue first. */
    BufferedImage shot() throws IOException {
        ByteBuffer dump = ByteBuffer.wrap(Files.readAllBytes(frameBuffer));
        int width = dump.getInt(4 * 4);
        int height = dump.getInt(5 * 4);
        int bytesPerLine = dump.getInt(12 * 4);
        int pixels = dump.getInt(0) + dump.getInt(19 * 4) * 12;
        BufferedImage shot = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                shot.setRGB(x, y, Integer.reverseBytes(dump.getInt(pixels + y * bytesPerLine + 4 * x)));
            }
        }
        return shot;
    }

    @Override
    public void close() {
        server.destroy();
    }

    static boolean onPath(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    }

    /** Where a page shows a picture, pixel for pixel; null where it does not. */
    static Point place(BufferedImage page, BufferedImage picture) {
        int[] pagePixels = pixels(page);
        int[] pixels = pixels(picture);
        int width = picture.getWidth();
        for (int y = 0; y <= page.getHeight() - picture.getHeight(); y++) {
            for (int x = 0; x <= page.getWidth() - width; x++) {
                boolean same = true;
                for (int row = 0; row < picture.getHeight() && same; row++) {
                    int at = (y + row) * page.getWidth() + x;
                    same = Arrays.equals(pagePixels, at, at + width, pixels, row * width, (row + 1) * width);
                }
                if (same) {
                    return new Point(x, y);
                }
            }
        }
        return null;
    }

    /** Grey ones as they stand in the file: getRGB would bend them by a gamma curve, which browsers do not. */
    private static int[] pixels(BufferedImage picture) {
        int bands = picture.getRaster().getNumBands();
        int[] samples = picture.getRaster().getPixels(0, 0, picture.getWidth(), picture.getHeight(), (int[]) null);
        int[] pixels = new int[picture.getWidth() * picture.getHeight()];
        for (int i = 0; i < pixels.length; i++) {
            int at = i * bands;
            pixels[i] = bands < 3 ? samples[at] * 0x010101 : samples[at] << 16 | samples[at + 1] << 8 | samples[at + 2];
        }
        return pixels;
    }
}
