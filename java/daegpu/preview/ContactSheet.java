package daegpu.preview;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.util.Arrays;
import java.util.List;

/**
 * Draws many images into one picture: blocks below each other, each with a caption and rows of images, such as a row of
 * originals, one of noisy images and one of denoised images. If there are no fonts, as on many servers, captions are
 * left out.
 */
public final class ContactSheet {

    /**
     * Rows that belong together.
     *
     * @param caption one line of text above the rows; empty for none
     * @param rows rows from top to bottom, each of images from left to right, each {@code [height, width, channels]}
     *     with values from 0, black, to 1, white; values below or above are drawn as black or white; rows may differ in
     *     length. An image that is null leaves its place empty.
     */
    public record Block(String caption, List<float[][]> rows) {

        /** A block without a caption. */
        public Block(List<float[][]> rows) {
            this("", rows);
        }

        /** The same rows under another caption. */
        public Block captioned(String newCaption) {
            return new Block(newCaption, rows);
        }

        /** Pixels above the rows that the caption takes. */
        private int captionHeight() {
            return caption.isEmpty() || Lettering.missing().isPresent() ? 0 : CAPTION_HEIGHT;
        }
    }

    /** Pixels between images and around the sheet. */
    private static final int GAP = 4;
    /** Pixels between blocks. */
    private static final int BLOCK_GAP = 20;
    /** Pixels above the rows of a block that has a caption. */
    private static final int CAPTION_HEIGHT = 20;

    private static final int CAPTION_BASELINE = 14;
    private static final Font CAPTION_FONT = Lettering.font(13, false);
    /** Neither black nor white, so that the borders of both show. */
    private static final int BACKGROUND = 160;
    /** Images are magnified as long as their larger side does not exceed this, in pixels. */
    private static final int MAGNIFIED = 64;
    /** Images are reduced so that their larger side does not exceed this, in pixels. */
    private static final int REDUCED = 512;

    private final int height;
    private final int width;
    private final int channels;
    private final int magnification;
    private final int reduction;
    private final int drawnHeight;
    private final int drawnWidth;
    private final WritableRaster raster;
    private final BufferedImage picture;

    /**
     * Where the values of images are to be seen on a sheet, if the images follow each other in memory as they do on the
     * sheet, block by block and row by row.
     *
     * @param width of the sheet in pixels
     * @param values for each pixel, row by row, the number of the first value of its pixel in the images, counted from
     *     1; 0 where no image is
     */
    record Places(int width, int[] values) {}

    private ContactSheet(int height, int width, int channels, List<Block> blocks) {
        this.height = height;
        this.width = width;
        this.channels = channels;
        magnification = magnification(height, width);
        reduction = reduction(height, width);
        drawnHeight = drawn(height, magnification, reduction);
        drawnWidth = drawn(width, magnification, reduction);
        int columns = blocks.stream()
                .flatMap(block -> block.rows().stream())
                .mapToInt(row -> row.length)
                .max()
                .orElse(0);
        int rows = blocks.stream().mapToInt(block -> block.rows().size()).sum();
        int captionWidth = blocks.stream()
                .mapToInt(block -> Lettering.width(block.caption(), CAPTION_FONT))
                .max()
                .orElse(0);
        int captions = blocks.stream().mapToInt(Block::captionHeight).sum();
        picture = new BufferedImage(
                Math.max(GAP + columns * (drawnWidth + GAP), GAP + captionWidth + GAP),
                GAP + rows * (drawnHeight + GAP) + Math.max(0, blocks.size() - 1) * (BLOCK_GAP - GAP) + captions,
                channels < 3 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
        raster = picture.getRaster();
    }

    /**
     * Draws {@code blocks}. Small images are magnified by a whole number: 28×28 pixels become 56×56. Images with a side
     * of over 512 pixels are reduced by leaving out rows and columns. Images of one or two channels are drawn in grey,
     * from the first channel; others in colour, from the first three.
     *
     * @param height height of each image in pixels
     * @param width width of each image in pixels
     * @param channels channels of each image
     * @throws IllegalArgumentException if an image has another number of values than that
     */
    public static BufferedImage draw(int height, int width, int channels, List<Block> blocks) {
        ContactSheet sheet = new ContactSheet(height, width, channels, blocks);
        sheet.fillBackground();
        sheet.lay(blocks, sheet::drawCaption, (image, top, left) -> {
            if (image != null) {
                sheet.drawImage(image, top, left);
            }
        });
        return sheet.picture;
    }

    /** Where {@link #draw} draws images. */
    static Places places(int height, int width, int channels, List<Block> blocks) {
        ContactSheet sheet = new ContactSheet(height, width, channels, blocks);
        int sheetWidth = sheet.picture.getWidth();
        int[] values = new int[sheetWidth * sheet.picture.getHeight()];
        int[] images = new int[1];
        sheet.lay(blocks, (block, top) -> {}, (image, top, left) -> {
            int first = images[0]++ * height * width * channels + 1;
            for (int y = 0; y < sheet.drawnHeight; y++) {
                for (int x = 0; x < sheet.drawnWidth; x++) {
                    values[(top + y) * sheetWidth + left + x] = first + sheet.pixel(y, x) * channels;
                }
            }
        });
        return new Places(sheetWidth, values);
    }

    private interface Captions {
        void lay(Block block, int top);
    }

    private interface Images {
        void lay(float[] image, int top, int left);
    }

    private void lay(List<Block> blocks, Captions captions, Images images) {
        int top = GAP;
        for (Block block : blocks) {
            captions.lay(block, top);
            top += block.captionHeight();
            for (float[][] row : block.rows()) {
                int left = GAP;
                for (float[] image : row) {
                    images.lay(image, top, left);
                    left += drawnWidth + GAP;
                }
                top += drawnHeight + GAP;
            }
            top += BLOCK_GAP - GAP;
        }
    }

    /** The pixel of an image that is drawn at a pixel of its place on the sheet. */
    private int pixel(int y, int x) {
        return y / magnification * reduction * width + x / magnification * reduction;
    }

    private static int magnification(int height, int width) {
        return Math.max(1, MAGNIFIED / Math.max(height, width));
    }

    private static int reduction(int height, int width) {
        return (Math.max(height, width) + REDUCED - 1) / REDUCED;
    }

    private static int drawn(int side, int magnification, int reduction) {
        return (side + reduction - 1) / reduction * magnification;
    }

    /** How many images of this size fit side by side into a sheet of {@code sheetWidth} pixels, at least 1. */
    public static int columnsWithin(int sheetWidth, int height, int width) {
        int drawnWidth = drawn(width, magnification(height, width), reduction(height, width));
        return Math.max(1, (sheetWidth - GAP) / (drawnWidth + GAP));
    }

    private void fillBackground() {
        int[] line = new int[picture.getWidth() * raster.getNumBands()];
        Arrays.fill(line, BACKGROUND);
        for (int y = 0; y < picture.getHeight(); y++) {
            raster.setPixels(0, y, picture.getWidth(), 1, line);
        }
    }

    private void drawCaption(Block block, int top) {
        if (block.captionHeight() > 0) {
            Graphics2D graphics = picture.createGraphics();
            Lettering.draw(graphics, block.caption(), CAPTION_FONT, Color.BLACK, GAP, top + CAPTION_BASELINE);
            graphics.dispose();
        }
    }

    private void drawImage(float[] image, int top, int left) {
        if (image.length != height * width * channels) {
            throw new IllegalArgumentException(
                    "an image of " + height + "x" + width + "x" + channels + " has no " + image.length + " values");
        }
        int bands = raster.getNumBands();
        int[] line = new int[drawnWidth * bands];
        for (int y = 0; y < drawnHeight; y++) {
            for (int x = 0; x < drawnWidth; x++) {
                for (int band = 0; band < bands; band++) {
                    line[x * bands + band] = brightness(image[pixel(y, x) * channels + band]);
                }
            }
            // Straight into the raster: setting colours would pass grey ones through a gamma curve.
            raster.setPixels(left, top + y, drawnWidth, 1, line);
        }
    }

    private static int brightness(float value) {
        return Math.min(Math.max(Math.round(value * 255), 0), 255);
    }
}
