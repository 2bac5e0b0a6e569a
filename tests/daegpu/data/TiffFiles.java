package daegpu.data;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferFloat;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageOutputStream;

/** TIFF files written and read by Java's own plug-in, of which the program uses nothing, or put together by hand. */
public final class TiffFiles {

    private TiffFiles() {}

    private static <T> T javas(Iterator<T> plugins) {
        while (plugins.hasNext()) {
            T plugin = plugins.next();
            if (plugin.getClass().getName().startsWith("com.sun.")) {
                return plugin;
            }
        }
        throw new AssertionError("Java has no TIFF");
    }

    /** A grey or coloured image of floats. */
    public static BufferedImage floats(int height, int width, int channels, float... values) {
        int[] offsets = new int[channels];
        Arrays.setAll(offsets, band -> band);
        PixelInterleavedSampleModel layout = new PixelInterleavedSampleModel(
                DataBuffer.TYPE_FLOAT, width, height, channels, width * channels, offsets);
        ColorSpace colours = ColorSpace.getInstance(channels == 1 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB);
        return new BufferedImage(
                new ComponentColorModel(colours, false, false, Transparency.OPAQUE, DataBuffer.TYPE_FLOAT),
                Raster.createWritableRaster(layout, new DataBufferFloat(values, values.length), null),
                false,
                null);
    }

    /** A grey image of 16 bits. */
    public static BufferedImage deep(int height, int width, int... values) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_USHORT_GRAY);
        image.getRaster().setPixels(0, 0, width, height, values);
        return image;
    }

    /**
     * A file of these pages.
     *
     * @param compression as Java calls it: LZW, ZLib, Deflate; null for none
     */
    public static byte[] write(String compression, BufferedImage... pages) throws IOException {
        ImageWriter writer = javas(ImageIO.getImageWritersByFormatName("tiff"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.prepareWriteSequence(null);
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            if (compression != null) {
                parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                parameters.setCompressionType(compression);
            }
            for (BufferedImage page : pages) {
                writer.writeToSequence(new IIOImage(page, null, null), parameters);
            }
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /** The pages of a file. */
    public static List<BufferedImage> read(byte[] file) throws IOException {
        ImageReader reader = javas(ImageIO.getImageReadersByFormatName("tiff"));
        List<BufferedImage> pages = new ArrayList<>();
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(in);
            for (int page = 0; page < reader.getNumImages(true); page++) {
                pages.add(reader.read(page));
            }
        } finally {
            reader.dispose();
        }
        return pages;
    }

    /** A field of a directory: words, or a number of 16 or 32 bits. */
    record Field(int tag, Object value) {}

    /**
     * A file of one page by hand.
     *
     * @param pixels come first
     * @param fields in the order of their tags, without the place of the pixels
     */
    static byte[] byHand(byte[] pixels, Field... fields) {
        int start = 8 + (pixels.length + 1) / 2 * 2;
        int end = start + 2 + 12 * (fields.length + 1) + 4;
        int texts = Arrays.stream(fields)
                .filter(field -> field.value instanceof String)
                .mapToInt(field -> ((String) field.value).length() + 1)
                .sum();
        ByteBuffer file = ByteBuffer.allocate(end + texts).order(ByteOrder.LITTLE_ENDIAN);
        file.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(start).put(pixels);
        file.position(start);
        file.putShort((short) (fields.length + 1));
        int text = end;
        boolean placed = false;
        for (Field field : fields) {
            if (field.tag > 273 && !placed) {
                number(file, 273, 8);
                placed = true;
            }
            if (field.value instanceof String words) {
                byte[] bytes = (words + "\0").getBytes(StandardCharsets.US_ASCII);
                file.putShort((short) field.tag)
                        .putShort((short) 2)
                        .putInt(bytes.length)
                        .putInt(text);
                file.duplicate().position(text).put(bytes);
                text += bytes.length;
            } else {
                number(file, field.tag, (Integer) field.value);
            }
        }
        return file.array();
    }

    private static void number(ByteBuffer file, int tag, int value) {
        int type = value < 1 << 16 ? 3 : 4;
        file.putShort((short) tag).putShort((short) type).putInt(1).putInt(value);
    }
}
