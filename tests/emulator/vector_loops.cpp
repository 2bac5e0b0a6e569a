#include "vector_loops.h"

namespace emulator {

EMULATOR_WIDEST void addScaled(float* __restrict__ target, const float* __restrict__ values, float factor,
                               size_t count) {
    for (size_t i = 0; i < count; i++) {
        target[i] += factor * values[i];
    }
}

EMULATOR_WIDEST float dotProduct(const float* a, const float* b, size_t count) {
    constexpr size_t LANES = 16;
    float sums[LANES] = {};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            sums[lane] += a[i + lane] * b[i + lane];
        }
    }
    for (; i < count; i++) {
        sums[i % LANES] += a[i] * b[i];
    }
    float sum = 0;
    for (float part : sums) {
        sum += part;
    }
    return sum;
}

}  // namespace emulator
