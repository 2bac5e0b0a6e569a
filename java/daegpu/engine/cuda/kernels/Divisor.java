package daegpu.engine.cuda.kernels;

/**
 * {@code struct Divisor} of include/divisor.cuh: a division of {@code 0 ≤ n < 2³¹} by a positive number, as a
 * multiplication (Granlund and Montgomery, "Division by invariant integers using multiplication", 1994):
 * {@code (hi(n·multiplier) + n) >> shift}.
 *
 * @param multiplier 32 bits, unsigned
 * @param shift 0 to 31
 */
record Divisor(int multiplier, int shift) {

    /** @throws IllegalArgumentException if {@code divisor} is not positive */
    static Divisor of(int divisor) {
        if (divisor < 1) {
            throw new IllegalArgumentException("nothing is divided by " + divisor);
        }
        int shift = 32 - Integer.numberOfLeadingZeros(divisor - 1);
        long multiplier = ((1L << 32) * ((1L << shift) - divisor)) / divisor + 1;
        return new Divisor((int) multiplier, shift);
    }
}
