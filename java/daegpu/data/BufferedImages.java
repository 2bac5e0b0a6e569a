package daegpu.data;

import java.awt.AlphaComposite;
import java.awt.Graphics2D;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/** Converts between pictures and the images of Java 2D. */
public final class BufferedImages {

    private BufferedImages() {}

    /**
     * Makes a picture of an image. Samples of grey or of red, green and blue are taken as they are, without regard to
     * gamma or colour profiles, as {@link ImageFile} does with files; other colour models are converted to sRGB.
     *
     * @return a picture of depth 16 if the image has samples of 16 bits, otherwise 8, with the format {@code png}
     */
    public static Photo toPhoto(BufferedImage image) {
        ColorModel model = image.getColorModel();
        boolean palette = model instanceof IndexColorModel;
        int kind = model.getColorSpace().getType();
        boolean taken = palette
                || !model.isAlphaPremultiplied() && (kind == ColorSpace.TYPE_GRAY || kind == ColorSpace.TYPE_RGB);
        if (!taken) {
            BufferedImage converted =
                    new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_4BYTE_ABGR);
            Graphics2D graphics = converted.createGraphics();
            graphics.setComposite(AlphaComposite.Src);
            graphics.drawImage(image, 0, 0, null);
            graphics.dispose();
            return toPhoto(converted);
        }
        int channels = palette || kind == ColorSpace.TYPE_RGB ? 3 : 1;
        return Photo.of(new StoredPicture(image, Orientation.UPRIGHT, channels, "png"));
    }

    /**
     * Makes an image of a picture. Values below 0 become black, and values above 1 white.
     *
     * @param photo of the format {@code png}
     * @return an image of {@code TYPE_BYTE_GRAY}, {@code TYPE_3BYTE_BGR} or, with alpha, {@code TYPE_4BYTE_ABGR}; for a
     *     picture of depth 16 {@code TYPE_USHORT_GRAY} or, in colour or with alpha, a custom type with samples of 16
     *     bits
     */
    public static BufferedImage of(Photo photo) {
        Photo picture = photo.hasAlpha() ? photo.withChannels(3) : photo;
        BufferedImage rows = PixelSamples.image(picture, PictureFormat.PNG);
        BufferedImage image = picture.depth() == Depth.BITS_16 && picture.channels() == 3
                ? new BufferedImage(
                        rows.getColorModel(),
                        rows.getColorModel().createCompatibleWritableRaster(picture.width(), picture.height()),
                        false,
                        null)
                : new BufferedImage(picture.width(), picture.height(), type(picture));
        Raster samples = rows.getRaster();
        int[] row = new int[picture.width() * samples.getNumBands()];
        for (int y = 0; y < picture.height(); y++) {
            samples.getPixels(0, y, picture.width(), 1, row);
            image.getRaster().setPixels(0, y, picture.width(), 1, row);
        }
        return image;
    }

    private static int type(Photo picture) {
        if (picture.channels() == 1) {
            return picture.depth() == Depth.BITS_16 ? BufferedImage.TYPE_USHORT_GRAY : BufferedImage.TYPE_BYTE_GRAY;
        }
        return picture.hasAlpha() ? BufferedImage.TYPE_4BYTE_ABGR : BufferedImage.TYPE_3BYTE_BGR;
    }
}
