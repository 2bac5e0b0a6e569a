package daegpu.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.data.AtomicFile;
import daegpu.data.InvalidInputException;
import daegpu.data.JsonProblem;
import daegpu.data.Sha256;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A file of named float tensors and text metadata, in the safetensors format (<a
 * href="https://github.com/huggingface/safetensors#format">description</a>): the length of the header as a
 * little-endian 64-bit integer, the header as JSON, and the values of all tensors, little-endian, without gaps. Values
 * are written as 32-bit floats, the type called F32. Values of other {@link StoredType types} are read, too: those of
 * F16, BF16 and the two types of 8-bit floats exactly, those of F64 and whole numbers rounded to the nearest float.
 *
 * <p>A file that is written has one more text, called {@value #CHECKSUM}: the SHA-256 of its content in hexadecimal
 * digits, by which reading finds a bit that was changed. It is computed of the name and the value of each text, and of
 * the name, the shape (as {@code [3, 3, 1, 32]}) and the values of each tensor, either sorted by name in UTF-16; names,
 * texts and shapes are in UTF-8, each followed by a zero byte, and values are as in the file. So it stays right if a
 * program puts the tensors into another order. Files without it are read, too.
 */
public final class Safetensors {

    /**
     * One tensor. The arrays are not copied.
     *
     * @param name what it is called in the file
     * @param shape its dimensions, the last one running fastest; empty for a single value
     * @param values one for each element of the shape
     */
    public record StoredTensor(String name, int[] shape, float[] values) {

        /** @throws IllegalArgumentException if the number of values does not match the shape */
        public StoredTensor {
            if (Arrays.stream(shape).anyMatch(dimension -> dimension < 0)
                    || Arrays.stream(shape).asLongStream().reduce(1, Math::multiplyExact) != values.length) {
                throw new IllegalArgumentException(
                        name + " has the shape " + Arrays.toString(shape) + " but " + values.length + " values");
            }
        }
    }

    /** What the header says about a tensor. {@code begin} and {@code end} count bytes from the end of the header. */
    private record Entry(String name, StoredType type, int[] shape, int size, long begin, long end) {}

    private static final String METADATA = "__metadata__";
    /** The text that is compared on reading, and is none of {@link #metadata()}. */
    static final String CHECKSUM = "content_sha256";
    /** As the reference implementation limits it. */
    private static final int LARGEST_HEADER = 100_000_000;

    private static final int LONGEST_MESSAGE = 300;
    private static final int BUFFER_VALUES = 1 << 14;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Map<String, String> metadata;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final String origin;

    /**
     * What a file is to hold.
     *
     * @param metadata any texts by name
     * @param tensors in the order in which the file is to have them
     * @throws IllegalArgumentException if two tensors have the same name, or one has the name of the metadata
     */
    public Safetensors(Map<String, String> metadata, Collection<StoredTensor> tensors) {
        this(metadata, tensors, "this set of tensors");
    }

    private Safetensors(Map<String, String> metadata, Collection<StoredTensor> tensors, String origin) {
        this.metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
        this.origin = origin;
        for (StoredTensor tensor : tensors) {
            if (tensor.name().equals(METADATA) || this.tensors.put(tensor.name(), tensor) != null) {
                throw new IllegalArgumentException("two tensors or one and the metadata are called " + tensor.name());
            }
        }
    }

    /** The texts of the file, sorted by name; empty if there are none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** The names of the tensors, in the order of the file. */
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    /** All tensors, in the order of the file. */
    public List<StoredTensor> tensors() {
        return List.copyOf(tensors.values());
    }

    /**
     * The tensor called {@code name}, not a copy.
     *
     * @throws InvalidInputException if there is none; the message names it and the file
     */
    public StoredTensor tensor(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InvalidInputException(origin + " has no tensor called " + name);
        }
        return tensor;
    }

    /**
     * Writes the file, replacing one that is there only when it is complete. The same content always gives the same
     * bytes: metadata are sorted by name, tensors keep their order, and the header is padded with spaces to a multiple
     * of 8 bytes.
     *
     * @throws IOException if that fails; see {@link AtomicFile}
     */
    public void write(Path file) throws IOException {
        byte[] header = header();
        AtomicFile.write(file, out -> {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length)
                    .array());
            out.write(header);
            for (StoredTensor tensor : tensors.values()) {
                writeValues(tensor.values(), out);
            }
        });
    }

    private byte[] header() throws IOException {
        ObjectNode root = JSON.createObjectNode();
        Map<String, String> texts = new TreeMap<>(metadata);
        texts.put(CHECKSUM, checksum());
        ObjectNode written = root.putObject(METADATA);
        texts.forEach(written::put);
        long offset = 0;
        for (StoredTensor tensor : tensors.values()) {
            ObjectNode entry = root.putObject(tensor.name()).put("dtype", StoredType.F32.name());
            entry.set("shape", JSON.valueToTree(tensor.shape()));
            long end = offset + 4L * tensor.values().length;
            entry.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = JSON.writeValueAsBytes(root);
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private String checksum() throws IOException {
        MessageDigest digest = Sha256.digest();
        try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
            for (Map.Entry<String, String> text : metadata.entrySet()) {
                writeText(text.getKey(), out);
                writeText(text.getValue(), out);
            }
            for (StoredTensor tensor : new TreeMap<>(tensors).values()) {
                writeText(tensor.name(), out);
                writeText(Arrays.toString(tensor.shape()), out);
                writeValues(tensor.values(), out);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void writeText(String text, OutputStream out) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.write(0);
    }

    private static void writeValues(float[] values, OutputStream out) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(4 * BUFFER_VALUES).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < values.length; at += BUFFER_VALUES) {
            int count = Math.min(BUFFER_VALUES, values.length - at);
            buffer.asFloatBuffer().put(values, at, count);
            out.write(buffer.array(), 0, 4 * count);
        }
    }

    /**
     * Whether a file that begins with these bytes may be a safetensors file: after the length of the header, which may
     * be any bytes, the header begins with a brace.
     */
    public static boolean isBegunBy(byte[] start) {
        return start.length > Long.BYTES && start[Long.BYTES] == '{';
    }

    /** Whether a file begins as {@link #isBegunBy} says; not if it cannot be read. */
    public static boolean isOne(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return isBegunBy(in.readNBytes(Long.BYTES + 1));
        } catch (IOException e) {
            return false; // Reading it will say why.
        }
    }

    /**
     * Reads a file. Memory is only taken for what the file is long enough to hold.
     *
     * @throws InvalidInputException if the file cannot be read or breaks a rule of the format; the message is one line
     *     that names the file and says what is wrong
     */
    public static Safetensors read(Path file) {
        if (Files.isDirectory(file)) {
            throw new InvalidInputException(file + " is a folder, not a safetensors file");
        }
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            return new Reader(file.toString(), Files.size(file)).read(in);
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    /**
     * Reads what a file holds.
     *
     * @param name what messages call it
     * @throws InvalidInputException if it breaks a rule of the format, as {@link #read(Path)} says
     */
    public static Safetensors read(String name, byte[] content) {
        try {
            return new Reader(name, content.length).read(new ByteArrayInputStream(content));
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory failed", e);
        }
    }

    /** Reads one file, whose name goes into every message. */
    private record Reader(String file, long fileSize) {

        Safetensors read(InputStream in) throws IOException {
            byte[] header = readHeader(in);
            Map<String, String> metadata = new TreeMap<>();
            List<Entry> entries = new ArrayList<>();
            for (Map.Entry<String, JsonNode> property : parse(header).properties()) {
                if (property.getKey().equals(METADATA)) {
                    readMetadata(property.getValue(), metadata);
                } else {
                    entries.add(entry(property.getKey(), property.getValue()));
                }
            }
            // In the order of their values; a tensor without any stands before the one that begins at the same place.
            entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
            checkExtent(entries, fileSize - 8 - header.length);
            List<StoredTensor> tensors = new ArrayList<>();
            for (Entry entry : entries) {
                tensors.add(new StoredTensor(entry.name(), entry.shape(), readValues(in, entry.type(), entry.size())));
            }
            String checksum = metadata.remove(CHECKSUM);
            Safetensors content = new Safetensors(metadata, tensors, file);
            // Values of other types are not those that were written: another program converted them.
            if (checksum != null
                    && entries.stream().allMatch(entry -> entry.type() == StoredType.F32)
                    && !checksum.equals(content.checksum())) {
                throw invalid("is damaged: its content does not have the checksum that was written with it; if another"
                        + " program changed it on purpose, remove the metadata called " + CHECKSUM);
            }
            return content;
        }

        private byte[] readHeader(InputStream in) throws IOException {
            if (fileSize < 8) {
                throw invalid(fileSize == 0 ? "is empty" : "is truncated: it has only " + fileSize + " bytes");
            }
            long length = ByteBuffer.wrap(readFully(in, 8))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getLong();
            if (length < 0 || length > LARGEST_HEADER) {
                throw invalid("is not a safetensors file: it would begin with a header of "
                        + Long.toUnsignedString(length) + " bytes");
            }
            if (length > fileSize - 8) {
                throw invalid("is truncated: it announces a header of " + length + " bytes and has only " + fileSize
                        + " in all");
            }
            return readFully(in, (int) length);
        }

        private JsonNode parse(byte[] header) throws IOException {
            if (header.length == 0 || header[0] != '{') {
                throw invalid("is not a safetensors file: its header does not begin with a brace");
            }
            try {
                // Decoded here, since Jackson guesses encodings and the format knows only one.
                return JSON.readTree(StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(header))
                        .toString());
            } catch (CharacterCodingException e) {
                throw damaged("it is not UTF-8");
            } catch (JsonProcessingException e) {
                throw damaged(JsonProblem.describe(e));
            }
        }

        private void readMetadata(JsonNode node, Map<String, String> metadata) {
            if (!node.isObject()) {
                throw damaged("its metadata is not an object");
            }
            for (Map.Entry<String, JsonNode> text : node.properties()) {
                if (!text.getValue().isTextual()) {
                    throw damaged("the metadata called " + text.getKey() + " is not text");
                }
                metadata.put(text.getKey(), text.getValue().textValue());
            }
        }

        private Entry entry(String name, JsonNode node) {
            JsonNode type = node.path("dtype");
            JsonNode shape = node.path("shape");
            JsonNode offsets = node.path("data_offsets");
            if (!type.isTextual() || !shape.isArray() || !offsets.isArray() || offsets.size() != 2) {
                throw damaged(name + " lacks a type, a shape or two offsets");
            }
            StoredType elements = StoredType.of(type.textValue())
                    .orElseThrow(() -> invalid("holds " + name + " as " + type.textValue() + "; what can be read is "
                            + Arrays.stream(StoredType.values())
                                    .map(StoredType::name)
                                    .collect(Collectors.joining(", "))));
            int[] dimensions = new int[shape.size()];
            for (int i = 0; i < dimensions.length; i++) {
                JsonNode dimension = shape.get(i);
                if (!dimension.isIntegralNumber() || !dimension.canConvertToInt() || dimension.intValue() < 0) {
                    throw damaged(name + " has the dimension " + dimension);
                }
                dimensions[i] = dimension.intValue();
            }
            int size = size(name, dimensions);
            long begin = offset(name, offsets.get(0));
            long end = offset(name, offsets.get(1));
            if (end - begin != (long) elements.bytes() * size) {
                throw damaged(name + " has the shape " + shape + " but the offsets " + begin + " to " + end);
            }
            return new Entry(name, elements, dimensions, size, begin, end);
        }

        private int size(String name, int[] dimensions) {
            try {
                return Arrays.stream(dimensions).reduce(1, Math::multiplyExact);
            } catch (ArithmeticException e) {
                throw invalid(
                        "holds more values in " + name + " than this program can take: " + Arrays.toString(dimensions));
            }
        }

        private long offset(String name, JsonNode node) {
            if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < 0) {
                throw damaged(name + " has the offset " + node);
            }
            return node.longValue();
        }

        /** The tensors must lie one after the other and fill what the header leaves of the file. */
        private void checkExtent(List<Entry> entries, long available) {
            long end = 0;
            for (Entry entry : entries) {
                if (entry.begin() != end) {
                    throw damaged(entry.name() + (entry.begin() < end ? " overlaps with" : " leaves a gap after")
                            + " what is before it");
                }
                end = entry.end();
            }
            if (end > available) {
                throw invalid("is truncated: it announces " + end + " bytes of tensors and has " + available);
            }
            if (end < available) {
                throw invalid("is too long: it announces " + end + " bytes of tensors and has " + available);
            }
            long memory = 4 * entries.stream().mapToLong(Entry::size).sum();
            if (memory > Runtime.getRuntime().maxMemory()) {
                throw invalid("holds " + memory / (1 << 20) + " MiB of tensors, more than the memory that Java may use;"
                        + " raise it with java -Xmx");
            }
        }

        private float[] readValues(InputStream in, StoredType type, int size) throws IOException {
            float[] values = new float[size];
            ByteBuffer buffer =
                    ByteBuffer.allocate(type.bytes() * BUFFER_VALUES).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 0; at < size; at += BUFFER_VALUES) {
                int count = Math.min(BUFFER_VALUES, size - at);
                int bytes = type.bytes() * count;
                if (in.readNBytes(buffer.array(), 0, bytes) < bytes) {
                    throw shrunk();
                }
                buffer.clear();
                if (type == StoredType.F32) {
                    buffer.asFloatBuffer().get(values, at, count);
                } else {
                    for (int i = 0; i < count; i++) {
                        values[at + i] = type.next(buffer);
                    }
                }
            }
            return values;
        }

        private byte[] readFully(InputStream in, int length) throws IOException {
            byte[] bytes = in.readNBytes(length);
            if (bytes.length < length) {
                throw shrunk();
            }
            return bytes;
        }

        private InvalidInputException shrunk() {
            return invalid("became shorter while it was read");
        }

        private InvalidInputException damaged(String problem) {
            return invalid("has a damaged header: " + problem);
        }

        /** {@code problem} may quote anything from the file, so it is made to fit one line. */
        private InvalidInputException invalid(String problem) {
            String line = problem.replaceAll("\\p{Cntrl}", "?");
            boolean fits = line.length() <= LONGEST_MESSAGE;
            return new InvalidInputException(file + " " + (fits ? line : line.substring(0, LONGEST_MESSAGE) + "…"));
        }
    }
}
