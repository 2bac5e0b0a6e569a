package daegpu.engine.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.Loss;
import daegpu.engine.cuda.driver.KernelStruct;
import daegpu.engine.cuda.layers.UpdateRule;
import daegpu.model.Layer.Activation;
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
                Arguments.of(GemmShape.class, "implicit_gemm", 92),
                Arguments.of(GradientShape.class, "weight_gradient", 76),
                Arguments.of(JointGrid.class, "layer_gradients", 20),
                Arguments.of(UpdateRule.class, "adam", 28));
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
            boolean isNumbered = type.isEnum() || type == boolean.class;
            own.add((isNumbered ? "int" : type.getSimpleName()) + " " + snakeCase(component.getName()));
            if (type == Divisor.class) {
                values.add(new Divisor(next, next + 1));
                words.addAll(List.of(next, next + 1));
                next += 2;
            } else if (type.isEnum()) {
                Object[] constants = type.getEnumConstants();
                values.add(constants[constants.length - 1]);
                words.add(constants.length - 1);
            } else if (type == boolean.class) {
                values.add(true);
                words.add(1);
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

    /** Epilogues begin with the activations. */
    @Test
    void constantsAreThoseOfTheHeaders() throws IOException {
        List<String> activations = constants("activation", "Activation");
        assertEquals(numbered(Activation.values()), activations);
        assertEquals(numbered(Loss.values()), constants("loss", "Loss"));
        assertEquals(
                numbered(Epilogue.values()),
                Stream.concat(activations.stream(), constants("implicit_gemm", "Epilogue").stream())
                        .toList());
    }

    private static List<String> numbered(Enum<?>[] constants) {
        return Stream.of(constants)
                .map(constant -> constant.name() + " " + constant.ordinal())
                .toList();
    }

    private static List<String> constants(String header, String declaration) throws IOException {
        Matcher matcher = Pattern.compile("(?s)enum " + declaration + " \\{(.*?)\\};")
                .matcher(Files.readString(Path.of("include", header + ".cuh")));
        assertTrue(matcher.find(), declaration);
        return Pattern.compile("([A-Z0-9_]+) = (\\d+)")
                .matcher(matcher.group(1))
                .results()
                .map(value -> value.group(1) + " " + value.group(2))
                .toList();
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
