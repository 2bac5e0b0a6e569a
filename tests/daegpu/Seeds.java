package daegpu;

import java.util.Random;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * Random tests: case after case, each drawn from a seed of its own. The first is {@code -Ddaegpu.test.seed}, or 1; a
 * failure says which seed it was.
 *
 * <p>Tests that draw the same values several times take them from {@link #random}; their class is extended with this
 * one, which adds the seed to what their failures say.
 */
public final class Seeds implements TestExecutionExceptionHandler {

    private static final String PROPERTY = "daegpu.test.seed";
    private static final long FIRST = Long.getLong(PROPERTY, 1);

    /** One case of a random test. */
    @FunctionalInterface
    public interface Case {
        void check(Random random) throws Exception;
    }

    /**
     * Checks {@code count} cases.
     *
     * @throws AssertionError if one fails; its message ends with the property that begins with that one
     */
    public static void check(int cases, Case each) {
        for (long seed = FIRST; seed < FIRST + cases; seed++) {
            try {
                each.check(random(seed, 0));
            } catch (TestAbortedException e) {
                throw e;
            } catch (Exception | AssertionError e) {
                throw named(e, seed);
            }
        }
    }

    /**
     * Values that depend on the first seed alone: each time the same in one run of the tests.
     *
     * @param which of several that a test draws
     */
    public static Random random(int which) {
        return random(FIRST, which);
    }

    /** Whether the first seed is the default, by which the cases of a test may be known to cover all there is. */
    public static boolean areDefault() {
        return FIRST == 1;
    }

    /** Neighbouring seeds of {@link Random} begin with nearly the same values; those of neighbouring cases do not. */
    private static Random random(long seed, int which) {
        return new Random(seed * 0x9E3779B97F4A7C15L + which * 0xBF58476D1CE4E5B9L);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        boolean isNamed = failure.getMessage() != null && failure.getMessage().contains(PROPERTY);
        throw isNamed || failure instanceof TestAbortedException ? failure : named(failure, FIRST);
    }

    private static AssertionError named(Throwable failure, long seed) {
        return new AssertionError(failure.getMessage() + " (-D" + PROPERTY + "=" + seed + ")", failure);
    }
}
