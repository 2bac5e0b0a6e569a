// The inner loops of cuBLAS and cuDNN, compiled for the widest vectors that the processor has. Whatever their width,
// each element is computed in the same order, with separate multiplications and additions, so the bits are the same
// everywhere.
#pragma once

#include <cstddef>

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define EMULATOR_WIDEST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EMULATOR_WIDEST
#endif

namespace emulator {

// target[i] += factor · values[i]
void addScaled(float* target, const float* values, float factor, size_t count);

// Σ a[i] · b[i], as 16 sums side by side, which are added at the end.
float dotProduct(const float* a, const float* b, size_t count);

}  // namespace emulator
