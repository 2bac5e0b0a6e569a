package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonProblemTest {

    /** Of text that ends early or is damaged: what is wrong, without a word of the library's own. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[1",
                "{\"a\": [{\"b\": 1}",
                "{\"a\": ",
                "{\"a\" 1}",
                "{a: 1}",
                "nul",
                "\"text",
                "[1,]",
                "{\"a\": 01}",
                "\u0001"
            })
    void namesNothingOfTheLibrary(String text) {
        JacksonException problem = assertThrows(JacksonException.class, () -> new ObjectMapper().readTree(text));
        String described = JsonProblem.describe(problem);
        for (String word : new String[] {"Source", "REDACTED", "Feature", "JsonParser", "JsonReadFeature", "Jackson"}) {
            assertFalse(described.contains(word), described);
        }
    }
}
