package daegpu.engine.cpu;

/**
 * Sums in a fixed order: neighbours in pairs, then those sums in pairs, and so on; what has no neighbour goes up as it
 * is. So a sum does not depend on who computes which terms, and an aligned block of terms, whose number is a power of
 * two, has the same sum alone.
 *
 * <p>The terms come one after the other, and partial sums wait in slots, as the digits of a counter in binary.
 */
final class PairwiseSum {

    private PairwiseSum() {}

    /** Where terms and partial sums are. */
    interface Slots {

        /** Writes a term into a slot. */
        void put(int term, int slot);

        /** Adds one slot to another. */
        void add(int from, int to);
    }

    /** Leaves the sum of the terms 0 … {@code terms − 1} in slot 0. */
    static void compute(int terms, Slots slots) {
        int used = 0;
        for (int term = 0; term < terms; term++) {
            slots.put(term, used);
            used++;
            for (int carry = term; (carry & 1) != 0; carry >>= 1) {
                used--;
                slots.add(used, used - 1);
            }
        }
        for (; used > 1; used--) {
            slots.add(used - 1, used - 2);
        }
    }

    /** Slots that {@code terms} terms take. */
    static int slots(int terms) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(terms);
    }

    /** The sum of the first {@code count} terms, in place of which partial sums are left. */
    static double of(double[] terms, int count) {
        for (int apart = 1; apart < count; apart *= 2) {
            for (int i = 0; i + apart < count; i += 2 * apart) {
                terms[i] += terms[i + apart];
            }
        }
        return terms[0];
    }
}
