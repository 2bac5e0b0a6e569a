// Counts an update where no other kernel could: where gradients are given, or found by cuDNN and cuBLAS. One thread.
#include "advance_step.cuh"

extern "C" __global__ void advance_step(StepState* state, float beta1, float beta2) {
    count_update(state, beta1, beta2);
}
