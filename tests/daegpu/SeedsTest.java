package daegpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class SeedsTest {

    private static final long FIRST = Long.getLong("daegpu.test.seed", 1);

    @Test
    void saysWhichCaseFailed() {
        List<Integer> drawn = new ArrayList<>();
        AssertionError failure = assertThrows(
                AssertionError.class,
                () -> Seeds.check(10, random -> {
                    drawn.add(random.nextInt());
                    assertTrue(drawn.size() < 4, "the fourth");
                }));
        assertTrue(failure.getMessage().startsWith("the fourth"), failure.getMessage());
        assertTrue(failure.getMessage().endsWith(" (-Ddaegpu.test.seed=" + (FIRST + 3) + ")"), failure.getMessage());
        List<Integer> again = new ArrayList<>();
        Seeds.check(4, random -> again.add(random.nextInt()));
        assertEquals(drawn, again);
    }

    /** As they would of {@code new Random(1)}, {@code new Random(2)} and so on. */
    @Test
    void casesDoNotBeginAlike() {
        HashSet<Integer> first = new HashSet<>();
        Seeds.check(40, random -> first.add(random.nextInt(4)));
        assertEquals(4, first.size());
    }

    @Test
    void drawsTheSameAgain() {
        assertEquals(Seeds.random(7).nextLong(), Seeds.random(7).nextLong());
        assertNotEquals(Seeds.random(7).nextLong(), Seeds.random(8).nextLong());
    }

    /** Once, and not to what is no failure. */
    @Test
    void addsTheSeedToAFailure() {
        IllegalStateException failure = new IllegalStateException("it fails");
        AssertionError named = (AssertionError) handled(failure);
        assertEquals("it fails (-Ddaegpu.test.seed=" + FIRST + ")", named.getMessage());
        assertSame(failure, named.getCause());
        assertSame(named, handled(named));
        TestAbortedException aborted = new TestAbortedException("not here");
        assertSame(aborted, handled(aborted));
    }

    private static Throwable handled(Throwable failure) {
        return assertThrows(Throwable.class, () -> new Seeds().handleTestExecutionException(null, failure));
    }
}
