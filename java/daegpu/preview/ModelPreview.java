package daegpu.preview;

import static org.lwjgl.glfw.GLFW.GLFW_KEY_LEFT;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_N;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_RIGHT;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_S;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_V;

import daegpu.data.ImageFile;
import daegpu.data.InvalidInputException;
import daegpu.preview.ContactSheet.Block;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A window for trying a trained model: it has a slider for the level of noise, keys, and takes pictures that are
 * dropped on it. What the network does is passed as functions.
 */
public final class ModelPreview implements Window.Input {

    /** What a network does to images of one size. */
    public interface Model {
        /**
         * Corrupts the same few images each time, and denoises them.
         *
         * @param level the level of noise, from 0 on; for added noise its standard deviation
         * @param draw number of the draw of noise, counted from 0
         */
        Block corrupted(float level, long draw);

        /** A title for noise of this level. */
        String title(float level);

        /**
         * Denoises a picture as it is.
         *
         * @throws InvalidInputException if it cannot be read or has another size
         */
        Block denoised(Path picture);
    }

    private static final float LARGEST_LEVEL = 1.5f;
    private static final float LEVEL_PER_KEY = 0.05f;
    private static final int MARGIN = 16;
    private static final int LEAST_WIDTH = 560;
    private static final int TRACK_TOP = 34;
    private static final int LINE_HEIGHT = 22;
    private static final List<String> HELP = List.of(
            "slider, left and right: level of noise     N: fresh noise     S: save this picture",
            "drop a picture here: denoise it     V: back to the validation images     Esc: close");
    private static final int PANEL_HEIGHT = 60 + (1 + HELP.size()) * LINE_HEIGHT;

    private final int height;
    private final int width;
    private final int channels;
    private final Path folder;
    private final Model model;
    private float level;
    private long draw;
    private Path dropped;
    private String message = "";
    private boolean changed = true;
    private BufferedImage picture;
    private int sheetHeight;

    /**
     * Prepares the preview; no window is opened yet.
     *
     * @param height height of the network's images in pixels
     * @param width their width
     * @param channels their channels
     * @param level level of noise to begin with
     * @param folder where pictures are saved
     */
    public ModelPreview(int height, int width, int channels, float level, Path folder, Model model) {
        this.height = height;
        this.width = width;
        this.channels = channels;
        this.level = Math.min(level, LARGEST_LEVEL);
        this.folder = folder;
        this.model = model;
    }

    /**
     * Opens the window, and returns when it is closed.
     *
     * @throws NoWindowException if no window can be opened
     */
    public void run(String title) {
        BufferedImage first = picture();
        try (Window window = new Window(title, first.getWidth(), first.getHeight(), this)) {
            do {
                // Many events of the mouse come between two pictures; only its last place is drawn.
                if (changed) {
                    window.show(picture());
                    changed = false;
                }
            } while (window.waitForEvents(1));
        }
    }

    /** What the window shows. */
    BufferedImage picture() {
        Block block = block();
        BufferedImage sheet = ContactSheet.draw(height, width, channels, List.of(block));
        if (picture == null) {
            sheetHeight = sheet.getHeight();
            picture = new BufferedImage(
                    Math.max(sheet.getWidth(), LEAST_WIDTH), sheetHeight + PANEL_HEIGHT, BufferedImage.TYPE_INT_RGB);
        }
        Graphics2D graphics = picture.createGraphics();
        graphics.setColor(TrainingPicture.BACKGROUND);
        graphics.fillRect(0, 0, picture.getWidth(), picture.getHeight());
        TrainingPicture.copy(sheet, picture);
        drawSlider(graphics);
        int baseline = sheetHeight + 64;
        Lettering.draw(graphics, message, Lettering.font(14, true), Color.BLACK, MARGIN, baseline);
        for (String line : HELP) {
            baseline += LINE_HEIGHT;
            Lettering.draw(graphics, line, Lettering.font(12, false), Color.BLACK, MARGIN, baseline);
        }
        graphics.dispose();
        return picture;
    }

    private Block block() {
        if (dropped != null) {
            try {
                return model.denoised(dropped).captioned(dropped.getFileName() + ": as it is, denoised");
            } catch (InvalidInputException e) {
                message = e.getMessage();
                dropped = null;
            }
        }
        return model.corrupted(level, draw);
    }

    private void drawSlider(Graphics2D graphics) {
        int y = sheetHeight + TRACK_TOP;
        int length = trackLength();
        Lettering.draw(
                graphics,
                model.title(level),
                Lettering.font(14, false),
                Color.BLACK,
                MARGIN,
                sheetHeight + TRACK_TOP - 14);
        graphics.setColor(new Color(90, 90, 90));
        graphics.fillRect(MARGIN, y - 2, length, 4);
        graphics.setColor(dropped == null ? new Color(0x1F77B4) : new Color(120, 120, 120));
        graphics.fillOval(MARGIN + Math.round(level / LARGEST_LEVEL * length) - 8, y - 8, 16, 16);
    }

    private int trackLength() {
        return picture.getWidth() - 2 * MARGIN;
    }

    @Override
    public void keyPressed(int key) {
        switch (key) {
            case GLFW_KEY_LEFT -> setLevel(level - LEVEL_PER_KEY);
            case GLFW_KEY_RIGHT -> setLevel(level + LEVEL_PER_KEY);
            case GLFW_KEY_N -> {
                draw++;
                showValidationImages();
            }
            case GLFW_KEY_V -> showValidationImages();
            case GLFW_KEY_S -> save();
            default -> {}
        }
    }

    @Override
    public void dragged(double x, double y) {
        if (Math.abs(y - sheetHeight - TRACK_TOP) <= 14) {
            setLevel((float) (x - MARGIN) / trackLength() * LARGEST_LEVEL);
        }
    }

    @Override
    public void dropped(List<Path> files) {
        dropped = files.get(0);
        message = "";
        changed = true;
    }

    private void setLevel(float newLevel) {
        level = Math.round(Math.min(Math.max(newLevel, 0), LARGEST_LEVEL) * 100) / 100f;
        showValidationImages();
    }

    private void showValidationImages() {
        dropped = null;
        message = "";
        changed = true;
    }

    /** Saves the picture under the first name that is free. */
    private void save() {
        Path file = folder.resolve("preview-1.png");
        for (int i = 2; Files.exists(file); i++) {
            file = folder.resolve("preview-" + i + ".png");
        }
        try {
            ImageFile.write(file, picture);
            message = "Saved " + file.toAbsolutePath();
        } catch (IOException e) {
            message = e.getMessage();
        }
        changed = true;
    }
}
