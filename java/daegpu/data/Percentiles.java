package daegpu.data;

/**
 * Finds the range in which most of many floats lie, exactly, in memory that does not depend on their number. All of
 * them are passed by twice: the first time the upper halves of their bits are counted, the second time the lower halves
 * of those that have the upper halves looked for.
 */
final class Percentiles {

    /** The part of the values below the range, and the part above it. */
    static final double OUTSIDE = 0.001;

    private static final int HALF = 16;

    private final long[] upper = new long[1 << HALF];
    private final long[] belowLow = new long[1 << HALF];
    private final long[] belowHigh = new long[1 << HALF];
    private float least = Float.POSITIVE_INFINITY;
    private float most = Float.NEGATIVE_INFINITY;
    private long count;
    private int lowHalf;
    private int highHalf;
    /** Values with smaller upper halves. */
    private long beforeLow;

    private long beforeHigh;

    /** An integer that is the greater, the greater a number is. */
    private static int ordered(float value) {
        int bits = Float.floatToIntBits(value);
        return bits ^ (bits >> 31 | Integer.MIN_VALUE);
    }

    private static float ofOrdered(int ordered) {
        return Float.intBitsToFloat(ordered ^ (ordered >> 31 ^ -1 | Integer.MIN_VALUE));
    }

    /** Passes a value by for the first time. */
    void first(float value) {
        upper[ordered(value) >>> HALF]++;
        least = Math.min(least, value);
        most = Math.max(most, value);
        count++;
    }

    /** All values have been passed by once. */
    void endFirst() {
        long seen = 0;
        for (int half = 0; half < upper.length; half++) {
            if (seen <= rankLow()) {
                lowHalf = half;
                beforeLow = seen;
            }
            if (seen <= rankHigh()) {
                highHalf = half;
                beforeHigh = seen;
            }
            seen += upper[half];
        }
    }

    private long rankLow() {
        return (long) (OUTSIDE * (count - 1));
    }

    private long rankHigh() {
        return count - 1 - rankLow();
    }

    /** Passes a value by for the second time. */
    void second(float value) {
        int ordered = ordered(value);
        if (ordered >>> HALF == lowHalf) {
            belowLow[ordered & 0xFFFF]++;
        }
        if (ordered >>> HALF == highHalf) {
            belowHigh[ordered & 0xFFFF]++;
        }
    }

    private static float value(int half, long[] lower, long rank) {
        int place = 0;
        for (long seen = lower[0]; seen <= rank; seen += lower[place]) {
            place++;
        }
        return ofOrdered(half << HALF | place);
    }

    /**
     * The range: of n values in their order from the least, counted from 0, the one at ⌊(n − 1) · {@link #OUTSIDE}⌋ and
     * the one as far from the end. If these are equal, the least and the greatest value; and if these are, too, one
     * that begins at the value.
     */
    ValueRange range() {
        float low = value(lowHalf, belowLow, rankLow() - beforeLow);
        float high = value(highHalf, belowHigh, rankHigh() - beforeHigh);
        if (low >= high) {
            low = least;
            high = most;
        }
        return new ValueRange(low, low < high ? high : Math.nextUp(low + Math.max(1, Math.abs(low))));
    }
}
