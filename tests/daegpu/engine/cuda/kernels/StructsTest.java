package daegpu.engine.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.cuda.driver.KernelStruct;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The records that are passed to kernels have the names, the order and the sizes of the headers' structs. */
class StructsTest {

    private static final Pattern FIELD = Pattern.compile("(?m)^ {4}(\\w+) (\\w+);");

    static Stream<Arguments> structs() {
        return Stream.of(
                Arguments.of(GemmShape.class, "implicit_gemm", 80),
                Arguments.of(GradientShape.class, "weight_gradient", 76),
                Arguments.of(JointGrid.class, "layer_gradients", 20));
    }

    /** Numbers every 4-byte value of the struct, so that each must be found again at its place. */
    @ParameterizedTest
    @MethodSource("structs")
    void writesWhatTheHeaderDeclares(Class<? extends Record> record, String header, int bytes) throws Exception {
        List<String> declared = fields(header, record.getSimpleName());
        List<String> own = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        List<Integer> words = new ArrayList<>();
        int next = 1;
        for (RecordComponent component : record.getRecordComponents()) {
            Class<?> type = component.getType();
            own.add((type == Epilogue.class ? "int" : type.getSimpleName()) + " " + snakeCase(component.getName()));
            if (type == Divisor.class) {
                values.add(new Divisor(next, next + 1));
                words.addAll(List.of(next, next + 1));
                next += 2;
            } else if (type == Epilogue.class) {
                values.add(Epilogue.LOSS);
                words.add(Epilogue.LOSS.ordinal());
            } else if (type == float.class) {
                values.add(1.5f * next);
                words.add(Float.floatToRawIntBits(1.5f * next++));
            } else {
                values.add(next);
                words.add(next++);
            }
        }
        assertEquals(declared, own);
        Constructor<?> constructor = record.getDeclaredConstructor(Stream.of(record.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new));
        int[] written = ((KernelStruct) constructor.newInstance(values.toArray())).words();
        assertArrayEquals(words.stream().mapToInt(Integer::intValue).toArray(), written);
        assertEquals(bytes, 4 * written.length);
    }

    @Test
    void divisorIsThatOfTheHeader() throws IOException {
        assertEquals(List.of("unsigned multiplier", "int shift"), fields("divisor", "Divisor"));
        assertEquals(
                List.of("multiplier", "shift"),
                Stream.of(Divisor.class.getRecordComponents())
                        .map(RecordComponent::getName)
                        .toList());
    }

    @Test
    void epiloguesAreThoseOfTheHeader() throws IOException {
        String text = body("implicit_gemm", "enum Epilogue");
        List<String> declared = Pattern.compile("(?m)^ +([A-Z_]+) = (\\d+)")
                .matcher(text)
                .results()
                .map(value -> value.group(1) + " " + value.group(2))
                .toList();
        assertEquals(
                IntStream.range(0, Epilogue.values().length)
                        .mapToObj(i -> Epilogue.values()[i] + " " + i)
                        .toList(),
                declared);
    }

    private static List<String> fields(String header, String struct) throws IOException {
        return FIELD.matcher(body(header, "struct " + struct))
                .results()
                .map(field -> field.group(1) + " " + field.group(2))
                .toList();
    }

    private static String body(String header, String declaration) throws IOException {
        Matcher matcher = Pattern.compile("(?s)" + declaration + " \\{(.*?)\\n\\};")
                .matcher(Files.readString(Path.of("include", header + ".cuh")));
        assertTrue(matcher.find(), declaration);
        return matcher.group(1);
    }

    private static String snakeCase(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
