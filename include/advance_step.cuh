#pragma once

// Counts an update and computes Adam's step size for it: alpha = lr * sqrt(1 - beta2^t) / (1 - beta1^t), the powers
// rounded to float32 as daegpu.engine.Adam.alpha does. They are a pure function of the step, so that a resumed run has
// the same bits. For one thread of a kernel before the one that updates.
#include "step_state.cuh"

__device__ inline double power(double base, long long exponent) {
    double result = 1;
    while (exponent > 0) {
        if (exponent & 1) {
            result *= base;
        }
        base *= base;
        exponent >>= 1;
    }
    return result;
}

__device__ inline void count_update(StepState* state, float beta1, float beta2) {
    long long step = state->step + 1;
    float power1 = static_cast<float>(power(beta1, step));
    float power2 = static_cast<float>(power(beta2, step));
    state->step = step;
    state->alpha = state->learning_rate * sqrtf(1 - power2) / (1 - power1);
}
