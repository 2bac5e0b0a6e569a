package daegpu.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DatabindException;

/** Describes what is wrong with JSON for people who do not know the library that reads it. */
public final class JsonProblem {

    private JsonProblem() {}

    /** The problem, without the names of the library's own methods and classes. */
    public static String describe(JacksonException problem) {
        if (problem instanceof DatabindException) {
            return problem.getOriginalMessage().startsWith("Trailing token")
                    ? "Trailing token: it goes on after its end"
                    : "it is JSON of another structure than is wanted here";
        }
        return problem.getOriginalMessage()
                .replaceAll(" ?\\(start marker at \\[Source: .*?; line: (\\d+), column: \\d+\\]\\)", " of line $1")
                .replaceAll(",? ?\\(?from `[^`]*`\\)?(?=\\)|$)", "");
    }
}
