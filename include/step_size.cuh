#pragma once

// Adam's step size, alpha = lr * sqrt(1 - beta2^t) / (1 - beta1^t) (Kingma and Ba, 2015, section 2). The powers are
// computed in double precision and rounded to float32, as in daegpu.engine.Optimizer.alpha. They are a pure function of
// the number of the update, t, so that a resumed run has the same bits.
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

// Prepares the state for the update that follows `step` others. One thread calls this.
__device__ inline void expect_update(StepState* state, long long step, float beta1, float beta2) {
    float power1 = static_cast<float>(power(beta1, step + 1));
    float power2 = static_cast<float>(power(beta2, step + 1));
    state->root = sqrtf(1 - power2);
    state->rest = 1 - power1;
    state->step = step;
}

struct StepSize {
    float alpha;
    float learning_rate;
};

// The step size of the update in progress. One thread of each of `blocks` blocks calls this. The last one to do so,
// whichever block that is, prepares the state for the next update: by then all others have read theirs.
__device__ inline StepSize take_step_size(StepState* state, unsigned blocks, float beta1, float beta2) {
    float4 now = *reinterpret_cast<const float4*>(state);
    StepSize size = {now.x * now.y / now.z, now.x};
    __threadfence();
    if (atomicInc(&state->ticket, blocks - 1) == blocks - 1) {
        expect_update(state, state->step + 1, beta1, beta2);
    }
    return size;
}
