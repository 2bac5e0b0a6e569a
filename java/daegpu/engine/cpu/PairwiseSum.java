package daegpu.engine.cpu;

/**
 * Sums in a fixed order: neighbours are added in pairs, then these sums in pairs, and so on; a term without a neighbour
 * is carried over. So a sum does not depend on which thread computes which terms, and an aligned block of terms whose
 * number is a power of two has the same sum on its own.
 *
 * <p>Terms are taken one after the other; partial sums wait in slots, like the digits of a binary counter.
 */
final class PairwiseSum {

    private PairwiseSum() {}

    /** The memory for terms and partial sums. */
    interface Slots {

        /** Writes a term into a slot. */
        void put(int term, int slot);

        /** Adds one slot to another. */
        void add(int from, int to);
    }

    /** Computes the sum of the terms 0 … {@code terms − 1} in slot 0. */
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

    /** The number of slots that {@code terms} terms need. */
    static int slots(int terms) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(terms);
    }

    /** The sum of the first {@code count} terms, which are overwritten by partial sums. */
    static double of(double[] terms, int count) {
        for (int apart = 1; apart < count; apart *= 2) {
            for (int i = 0; i + apart < count; i += 2 * apart) {
                terms[i] += terms[i + apart];
            }
        }
        return terms[0];
    }
}
