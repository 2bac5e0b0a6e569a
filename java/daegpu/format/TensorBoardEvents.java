package daegpu.format;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * Writes an event file for TensorBoard: TFRecords of TensorFlow's {@code Event} messages. All that was written before
 * the process ended can be read.
 *
 * @see <a href="https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto">event.proto and
 *     summary.proto</a>
 */
public final class TensorBoardEvents implements Closeable {

    /** Numbers of the fields of the messages, by their names in the .proto files. */
    private static final int EVENT_WALL_TIME = 1;

    private static final int EVENT_STEP = 2;
    private static final int EVENT_FILE_VERSION = 3;
    private static final int EVENT_SUMMARY = 5;
    private static final int EVENT_SESSION_LOG = 7;
    private static final int SESSION_LOG_STATUS = 1;
    private static final int SESSION_LOG_START = 1;
    private static final int SUMMARY_VALUE = 1;
    private static final int VALUE_TAG = 1;
    private static final int VALUE_SIMPLE_VALUE = 2;
    private static final int VALUE_IMAGE = 4;
    private static final int IMAGE_HEIGHT = 1;
    private static final int IMAGE_WIDTH = 2;
    private static final int IMAGE_COLORSPACE = 3;
    private static final int IMAGE_ENCODED = 4;

    private final OutputStream out;

    /** Writes the fields of a message. */
    private interface Fields {
        void writeTo(CodedOutputStream message) throws IOException;
    }

    private TensorBoardEvents(OutputStream out) {
        this.out = out;
    }

    /**
     * Creates a new file in {@code folder}, which is created if it is missing. Its name contains the time, so that the
     * files of several sessions are in their order.
     *
     * @throws IOException if that fails
     */
    public static TensorBoardEvents create(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path file;
        int number = 0;
        do {
            file = folder.resolve(String.format(
                    Locale.ROOT,
                    "events.out.tfevents.%d.dae-gpu.%d.%d",
                    Instant.now().getEpochSecond(),
                    ProcessHandle.current().pid(),
                    number++));
        } while (Files.exists(file));
        TensorBoardEvents events = new TensorBoardEvents(Files.newOutputStream(file, StandardOpenOption.CREATE_NEW));
        try {
            events.event(0, event -> event.writeString(EVENT_FILE_VERSION, "brain.Event:2"));
        } catch (IOException e) {
            events.close();
            throw e;
        }
        return events;
    }

    /**
     * Writes that values of other files of the folder at {@code step} and later do not count, because those steps are
     * done again.
     */
    public void restart(long step) throws IOException {
        byte[] log = message(fields -> fields.writeEnum(SESSION_LOG_STATUS, SESSION_LOG_START));
        event(step, event -> event.writeByteArray(EVENT_SESSION_LOG, log));
    }

    /** Writes a point of the curve {@code tag}. */
    public void scalar(String tag, long step, double value) throws IOException {
        summary(step, tag, fields -> fields.writeFloat(VALUE_SIMPLE_VALUE, (float) value));
    }

    /**
     * Writes a picture of the series {@code tag}.
     *
     * @param channels 1 for grey, 3 for colour
     * @param png a PNG file
     */
    public void image(String tag, long step, int height, int width, int channels, byte[] png) throws IOException {
        byte[] image = message(fields -> {
            fields.writeInt32(IMAGE_HEIGHT, height);
            fields.writeInt32(IMAGE_WIDTH, width);
            fields.writeInt32(IMAGE_COLORSPACE, channels);
            fields.writeByteArray(IMAGE_ENCODED, png);
        });
        summary(step, tag, fields -> fields.writeByteArray(VALUE_IMAGE, image));
    }

    private void summary(long step, String tag, Fields content) throws IOException {
        byte[] value = message(fields -> {
            fields.writeString(VALUE_TAG, tag);
            content.writeTo(fields);
        });
        byte[] summary = message(fields -> fields.writeByteArray(SUMMARY_VALUE, value));
        event(step, event -> event.writeByteArray(EVENT_SUMMARY, summary));
    }

    private void event(long step, Fields content) throws IOException {
        byte[] event = message(fields -> {
            fields.writeDouble(EVENT_WALL_TIME, System.currentTimeMillis() / 1e3);
            fields.writeInt64(EVENT_STEP, step);
            content.writeTo(fields);
        });
        // In one piece: a record that is cut off is the last one, and readers pass over it.
        out.write(record(event));
        out.flush();
    }

    private static byte[] message(Fields fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream message = CodedOutputStream.newInstance(bytes);
        fields.writeTo(message);
        message.flush();
        return bytes.toByteArray();
    }

    /** Length, its checksum, the data, their checksum, all little-endian. */
    private static byte[] record(byte[] data) {
        ByteBuffer record = ByteBuffer.allocate(8 + 4 + data.length + 4).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(maskedChecksum(record.array(), 8));
        record.put(data);
        record.putInt(maskedChecksum(data, data.length));
        return record.array();
    }

    /** CRC-32C, rotated and shifted, as TFRecords mask it because data may hold checksums themselves. */
    private static int maskedChecksum(byte[] data, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(data, 0, length);
        return Integer.rotateRight((int) checksum.getValue(), 15) + 0xa282ead8;
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
