package daegpu.preview;

import daegpu.data.DeviceImages;
import daegpu.preview.Chart.Curve;
import daegpu.preview.ContactSheet.Block;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Shows in one picture how training goes: what the network makes of some images, and beside them the loss and a few
 * lines of text.
 *
 * @param height height of the images in pixels
 * @param width width of the images in pixels
 * @param channels channels of the images
 * @param samples the images, in rows
 * @param curves training and validation loss
 * @param lines lines of text beside them, the first in bold
 * @param device the images on a device, if they can be there; null otherwise. Those that {@code samples} leaves places
 *     for are there alone.
 */
public record TrainingPicture(
        int height,
        int width,
        int channels,
        List<Block> samples,
        List<Curve> curves,
        List<String> lines,
        DeviceImages device) {

    private static final int MARGIN = 12;
    private static final int LINE_HEIGHT = 24;
    private static final int CHART_WIDTH = 480;
    private static final int CHART_HEIGHT = 300;
    static final Color BACKGROUND = new Color(160, 160, 160);

    /** Draws the picture in colour. */
    public BufferedImage draw() {
        BufferedImage sheet = ContactSheet.draw(height, width, channels, samples);
        int textHeight = lines.size() * LINE_HEIGHT + MARGIN;
        BufferedImage picture = new BufferedImage(
                sheet.getWidth() + CHART_WIDTH + MARGIN,
                Math.max(sheet.getHeight(), MARGIN + textHeight + CHART_HEIGHT + MARGIN),
                BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setColor(BACKGROUND);
        graphics.fillRect(0, 0, picture.getWidth(), picture.getHeight());
        copy(sheet, picture);
        int left = sheet.getWidth();
        for (int i = 0; i < lines.size(); i++) {
            Font font = Lettering.font(i == 0 ? 20 : 16, i == 0);
            Lettering.draw(graphics, lines.get(i), font, Color.BLACK, left, MARGIN + (i + 1) * LINE_HEIGHT - 6);
        }
        if (Lettering.missing().isEmpty()) {
            graphics.drawImage(Chart.loss(CHART_WIDTH, CHART_HEIGHT, "loss", curves), left, MARGIN + textHeight, null);
        }
        graphics.dispose();
        return picture;
    }

    /** Whether {@link #draw} leaves places for images that are on the device alone. */
    boolean isOnDevice() {
        return device != null
                && samples.stream()
                        .flatMap(block -> block.rows().stream())
                        .flatMap(Arrays::stream)
                        .anyMatch(Objects::isNull);
    }

    /** Where the images are in the upper left corner of what {@link #draw} draws. */
    ContactSheet.Places places() {
        return ContactSheet.places(height, width, channels, samples);
    }

    /** Copies a sheet into the upper left corner; drawing it would pass grey ones through a gamma curve. */
    static void copy(BufferedImage sheet, BufferedImage picture) {
        Raster from = sheet.getRaster();
        int bands = from.getNumBands();
        int[] samples = from.getPixels(0, 0, sheet.getWidth(), sheet.getHeight(), (int[]) null);
        int[] colours = new int[sheet.getWidth() * sheet.getHeight() * 3];
        for (int i = 0; i < colours.length; i++) {
            colours[i] = samples[i / 3 * bands + (bands < 3 ? 0 : i % 3)];
        }
        picture.getRaster().setPixels(0, 0, sheet.getWidth(), sheet.getHeight(), colours);
    }
}
