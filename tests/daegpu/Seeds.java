package daegpu;

import java.util.Random;
import org.opentest4j.TestAbortedException;

/**
 * Random tests: case after case, each drawn from a seed of its own. The first is {@code -Ddaegpu.test.seed}, or 1; a
 * failure says which seed it was.
 */
public final class Seeds {

    private static final String PROPERTY = "daegpu.test.seed";

    private Seeds() {}

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
        long first = Long.getLong(PROPERTY, 1);
        for (long seed = first; seed < first + cases; seed++) {
            try {
                each.check(random(seed));
            } catch (TestAbortedException e) {
                throw e;
            } catch (Exception | AssertionError e) {
                throw new AssertionError(e.getMessage() + " (-D" + PROPERTY + "=" + seed + ")", e);
            }
        }
    }

    /** Neighbouring seeds of {@link Random} begin with nearly the same values; those of neighbouring cases do not. */
    private static Random random(long seed) {
        return new Random(seed * 0x9E3779B97F4A7C15L);
    }
}
