package daegpu.format;

import daegpu.data.AtomicFile;
import daegpu.data.FileKind;
import daegpu.data.InvalidInputException;
import daegpu.data.WholeFile;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.CsvRecordHandler;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Latent vectors of images, and files of them: CSV with a header line and the image's name before its values, or
 * NumPy's NPY (<a href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">description</a>), an
 * array of 32-bit floats {@code [count, dimension]} without names. Both give back the same floats.
 *
 * <p>Also read are CSV as spreadsheets write it: with a byte-order mark, in UTF-16, with semicolons or tabulators
 * between cells and then perhaps a comma in numbers, with quotes around all cells; and NPY of 16- and 64-bit floats, of
 * either order of bytes, in Fortran's order, and of one dimension, which is one vector.
 *
 * @param names of the images; empty where they have none
 * @param dimension values of a vector
 * @param values {@code [count, dimension]}
 */
public record LatentVectors(List<String> names, int dimension, float[] values) {

    /** How cells begin that spreadsheets compute; one that begins so after apostrophes is marked, too. */
    private static final Pattern FORMULA = Pattern.compile("^'*[=+\\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]");

    /** The beginning of a file, as Excel writes it to say what separates cells. */
    private static final Pattern SEPARATOR_LINE = Pattern.compile("\"?sep=([^\"])\"?[\r\n]+", Pattern.CASE_INSENSITIVE);

    /** The first cell, after which there is what separates cells. */
    private static final Pattern FIRST_CELL = Pattern.compile("\\s*\"?image\"?\\s*([,;\t])", Pattern.CASE_INSENSITIVE);

    /** What is quoted that need not be: spreadsheets of some languages would take it for a separator. */
    private static final QuoteStrategy QUOTED = new QuoteStrategy() {
        @Override
        public boolean quoteValue(int line, int cell, String value) {
            return value.indexOf(';') >= 0 || value.indexOf('\t') >= 0;
        }
    };

    private static final String HEADER = "image";
    private static final int LONGEST_QUOTE = 60;
    private static final byte[] NPY_MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern NPY_HEADER = Pattern.compile(
            "\\{'descr': *'([<>=|]?f[248])', *'fortran_order': *(True|False), *'shape': *\\((\\d+),(?: *(\\d+))?,?\\),? *\\}\\s*");
    private static final int NPY_ALIGNMENT = 64;

    /**
     * @throws IllegalArgumentException if the number of names, the number of values and the dimension do not fit each
     *     other
     */
    public LatentVectors {
        if (dimension < 1
                || values.length % dimension != 0
                || !names.isEmpty() && names.size() != values.length / dimension) {
            throw new IllegalArgumentException(
                    values.length + " values and " + names.size() + " names do not make vectors of " + dimension);
        }
    }

    /** Vectors. */
    public int count() {
        return values.length / dimension;
    }

    /** Whether a file of this name can be written or read: it ends in {@code .csv} or {@code .npy}. */
    public static boolean isFormat(Path file) {
        return hasEnding(file, ".csv") || isNpy(file);
    }

    private static boolean isNpy(Path file) {
        return hasEnding(file, ".npy");
    }

    private static boolean hasEnding(Path file, String ending) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(ending);
    }

    /**
     * Writes NPY, if that is how the name of the file ends, or else CSV.
     *
     * @throws IOException if that fails; what was there is untouched then
     */
    public void write(Path file) throws IOException {
        AtomicFile.write(file, isNpy(file) ? npy() : csv());
    }

    private byte[] csv() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (CsvWriter csv = CsvWriter.builder()
                .lineDelimiter(LineDelimiter.LF)
                .quoteStrategy(QUOTED)
                .build(bytes)) {
            List<String> cells = new ArrayList<>();
            cells.add(HEADER);
            for (int i = 1; i <= dimension; i++) {
                cells.add("latent" + i);
            }
            csv.writeRecord(cells);
            for (int vector = 0; vector < count(); vector++) {
                cells.clear();
                cells.add(names.isEmpty() ? String.valueOf(vector + 1) : withFormulaMark(names.get(vector)));
                for (int i = 0; i < dimension; i++) {
                    cells.add(String.valueOf(values[vector * dimension + i]));
                }
                csv.writeRecord(cells);
            }
        }
        return bytes.toByteArray();
    }

    private byte[] npy() {
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + count() + ", " + dimension + "), }";
        int length = NPY_MAGIC.length + 4;
        int padded = (length + header.length() + 1 + NPY_ALIGNMENT - 1) / NPY_ALIGNMENT * NPY_ALIGNMENT;
        ByteBuffer bytes =
                ByteBuffer.allocate(padded + Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(NPY_MAGIC).put((byte) 1).put((byte) 0).putShort((short) (padded - length));
        bytes.put(header.getBytes(StandardCharsets.US_ASCII));
        while (bytes.position() < padded - 1) {
            bytes.put((byte) ' ');
        }
        bytes.put((byte) '\n');
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /**
     * Reads NPY, if the file begins so or is called so, or else CSV.
     *
     * @throws InvalidInputException if it cannot be read or holds no such vectors; the message names it and what is
     *     wrong
     */
    public static LatentVectors read(Path file) {
        byte[] content = WholeFile.read(file, largest());
        LatentVectors vectors = isNpy(file) || startsAsNpy(content) ? readNpy(file, content) : readCsv(file, content);
        for (float value : vectors.values) {
            if (!Float.isFinite(value)) {
                throw new InvalidInputException(file + " has a value that is not a finite number");
            }
        }
        return vectors;
    }

    /** Bytes of a file: what is made of them takes a multiple of that. */
    private static int largest() {
        return (int) Math.min(1 << 30, Runtime.getRuntime().maxMemory() / 8);
    }

    private static boolean startsAsNpy(byte[] content) {
        return Arrays.equals(Arrays.copyOf(content, NPY_MAGIC.length), NPY_MAGIC);
    }

    private static LatentVectors readCsv(Path file, byte[] content) {
        List<List<String>> lines = lines(file, text(content));
        if (lines.isEmpty()) {
            throw new InvalidInputException(file + " is empty");
        }
        if (lines.get(0).size() < 2 || !lines.get(0).get(0).strip().equalsIgnoreCase(HEADER)) {
            throw notVectors(file, content, lines.get(0));
        }
        if (lines.size() < 2) {
            throw new InvalidInputException(file + " has no vectors: nothing comes after its first line");
        }
        int dimension = lines.get(0).size() - 1;
        List<String> names = new ArrayList<>();
        float[] values = new float[Math.multiplyExact(lines.size() - 1, dimension)];
        for (int line = 1; line < lines.size(); line++) {
            List<String> cells = lines.get(line);
            if (cells.size() != dimension + 1) {
                throw new InvalidInputException(file + ": vector " + line + " has " + (cells.size() - 1)
                        + " values where the first line names " + dimension);
            }
            names.add(withoutFormulaMark(cells.get(0)));
            for (int i = 0; i < dimension; i++) {
                String cell = cells.get(i + 1);
                try {
                    // Where spreadsheets write a comma for the point, they separate cells by something else.
                    values[(line - 1) * dimension + i] = Float.parseFloat(
                            cell.indexOf(',') == cell.lastIndexOf(',') ? cell.replace(',', '.') : cell);
                } catch (NumberFormatException e) {
                    throw new InvalidInputException(
                            file + ": vector " + line + " has '" + shortened(cell) + "' where a number should be", e);
                }
            }
        }
        return new LatentVectors(names, dimension, values);
    }

    private static InvalidInputException notVectors(Path file, byte[] content, List<String> first) {
        return FileKind.instead(Arrays.copyOf(content, Math.min(content.length, FileKind.START)), "a CSV file")
                .filter(kind -> !kind.startsWith("is a text"))
                .map(kind -> new InvalidInputException(file + " " + kind))
                .orElseGet(() -> new InvalidInputException(file
                        + " has no vectors: its first line must be image,latent1,latent2,… with a comma, semicolon or"
                        + " tabulator between its cells, and begins with '"
                        + shortened(String.join("', '", first.subList(0, Math.min(3, first.size())))) + "'"));
    }

    /**
     * A byte-order mark says which encoding it is, and is none of the text. Without one it is UTF-16 if every other
     * byte at the beginning, where names of columns are, is zero.
     */
    private static String text(byte[] content) {
        if (content.length >= 4 && content[0] != 0 && content[1] == 0 && content[2] != 0 && content[3] == 0) {
            return new String(content, StandardCharsets.UTF_16LE);
        }
        if (content.length >= 4 && content[0] == 0 && content[1] != 0 && content[2] == 0 && content[3] != 0) {
            return new String(content, StandardCharsets.UTF_16BE);
        }
        boolean marked = content.length >= 2;
        if (marked && content[0] == (byte) 0xFF && content[1] == (byte) 0xFE
                || marked && content[0] == (byte) 0xFE && content[1] == (byte) 0xFF) {
            return new String(content, StandardCharsets.UTF_16);
        }
        String text = new String(content, StandardCharsets.UTF_8);
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    /** The cells of each line that is not blank. */
    private static List<List<String>> lines(Path file, String text) {
        Matcher said = SEPARATOR_LINE.matcher(text);
        int start = said.lookingAt() ? said.end() : 0;
        Matcher first = FIRST_CELL.matcher(text).region(start, text.length());
        String separator = start > 0 ? said.group(1) : first.lookingAt() ? first.group(1) : ",";
        try (CsvReader<CsvRecord> csv = CsvReader.builder()
                .fieldSeparator(separator)
                .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                .build(CsvRecordHandler.builder().maxFields(Integer.MAX_VALUE).build(), text.substring(start))) {
            return csv.stream()
                    .map(CsvRecord::getFields)
                    .filter(line -> line.size() > 1 || !line.get(0).isBlank())
                    .toList();
        } catch (CsvParseException e) {
            throw new InvalidInputException(
                    file + " is not a CSV file: " + shortened(String.valueOf(e.getMessage())), e);
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    private static String shortened(String cell) {
        return cell.length() <= LONGEST_QUOTE ? cell : cell.substring(0, LONGEST_QUOTE) + "…";
    }

    /** A name that spreadsheets would take for a formula has an apostrophe before it, as they write such texts. */
    private static String withFormulaMark(String name) {
        return FORMULA.matcher(name).find() ? "'" + name : name;
    }

    private static String withoutFormulaMark(String cell) {
        return cell.startsWith("'") && FORMULA.matcher(cell.substring(1)).find() ? cell.substring(1) : cell;
    }

    private static LatentVectors readNpy(Path file, byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        try {
            byte[] magic = new byte[NPY_MAGIC.length];
            bytes.get(magic);
            int major = bytes.get();
            bytes.get();
            int length = major == 1 ? Short.toUnsignedInt(bytes.getShort()) : bytes.getInt();
            byte[] header = new byte[Math.max(0, Math.min(length, content.length))];
            bytes.get(header);
            Matcher matcher = NPY_HEADER.matcher(new String(header, StandardCharsets.US_ASCII));
            if (!Arrays.equals(magic, NPY_MAGIC) || !matcher.matches()) {
                throw new InvalidInputException(
                        file + " is not an NPY file of 16-, 32- or 64-bit floats, [count, dimension] or [dimension]");
            }
            String type = matcher.group(1);
            int size = type.charAt(type.length() - 1) - '0';
            boolean one = matcher.group(4) == null;
            long count = one ? 1 : Long.parseLong(matcher.group(3));
            long dimension = Long.parseLong(matcher.group(one ? 3 : 4));
            if (dimension < 1
                    || Math.multiplyExact(Math.multiplyExact(count, dimension), (long) size) != bytes.remaining()) {
                throw new InvalidInputException(file + " is damaged: it announces " + count + " vectors of " + dimension
                        + " and holds " + bytes.remaining() + " bytes");
            }
            boolean columns = matcher.group(2).equals("True");
            float[] values = new float[Math.toIntExact(count * dimension)];
            ByteBuffer numbers =
                    bytes.slice().order(type.startsWith(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < values.length; i++) {
                int place = columns ? (int) (i % count * dimension + i / count) : i;
                values[place] = switch (size) {
                    case 2 -> FloatFormat.ofHalf(numbers.getShort());
                    case 4 -> numbers.getFloat();
                    default -> (float) numbers.getDouble();
                };
            }
            return new LatentVectors(List.of(), (int) dimension, values);
        } catch (BufferUnderflowException | ArithmeticException | NumberFormatException e) {
            throw new InvalidInputException(file + " is not an NPY file: it ends early or its sizes are impossible", e);
        }
    }
}
