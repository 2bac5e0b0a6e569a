package daegpu.preview;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.Optional;

/**
 * Draws text in pictures. Java uses the fonts of the system for this, which small servers and containers do not have:
 * pictures are then drawn without their text, and charts, which are useless without text, are not drawn.
 */
public final class Lettering {

    private static final Optional<String> MISSING = tryOut();

    private Lettering() {}

    /** Says in one line why no text can be drawn here, and what to do about it; empty if text can be drawn. */
    public static Optional<String> missing() {
        return MISSING;
    }

    private static Optional<String> tryOut() {
        try {
            Graphics2D graphics = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY).createGraphics();
            graphics.setFont(font(12, false));
            graphics.drawString("a", 2, 12);
            graphics.dispose();
            return Optional.empty();
        } catch (RuntimeException | LinkageError | InternalError e) {
            // Java 17 throws one of several when there is no fontconfig, no font or no libfreetype.
            return Optional.of(
                    "there are no fonts here, so charts and captions are left out: install fontconfig and a font "
                            + "(on Debian: fontconfig-config fonts-dejavu-core)");
        }
    }

    /** A font without serifs, {@code size} pixels high. */
    static Font font(int size, boolean bold) {
        return new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, size);
    }

    /** Pixels that a line of text takes in width; 0 where no text can be drawn. */
    static int width(String text, Font font) {
        if (MISSING.isPresent()) {
            return 0;
        }
        Graphics2D graphics = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY).createGraphics();
        FontMetrics metrics = graphics.getFontMetrics(font);
        graphics.dispose();
        return metrics.stringWidth(text);
    }

    /** Draws a line of text that begins at {@code left} and stands on {@code baseline}, where that is possible. */
    static void draw(Graphics2D graphics, String text, Font font, Color colour, int left, int baseline) {
        if (MISSING.isPresent()) {
            return;
        }
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setFont(font);
        graphics.setColor(colour);
        graphics.drawString(text, left, baseline);
    }
}
