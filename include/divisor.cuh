#pragma once

// Division of 0 <= n < 2^31 by a number that the host knows, as a multiplication and a shift (Granlund and Montgomery,
// "Division by invariant integers using multiplication", 1994). java/daegpu/engine/cuda/kernels/Divisor.java computes
// both constants.
struct Divisor {
    unsigned multiplier;
    int shift;

    __device__ int quotient(int n) const {
        return static_cast<int>((__umulhi(static_cast<unsigned>(n), multiplier) + static_cast<unsigned>(n)) >> shift);
    }
};
