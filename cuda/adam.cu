// One update of all parameters by gradients that lie in an arena like theirs: see include/adam.cuh. Reference:
// daegpu.engine.reference.Update. Tensors lie in one arena; the gaps between them are zero, and stay zero. A thread
// updates four values, after one thread of its block has read the step size.
#include "adam.cuh"

extern "C" __global__ void adam(float4* __restrict__ parameters, float4* __restrict__ first_moment,
                                float4* __restrict__ second_moment, float4* __restrict__ average,
                                const float4* __restrict__ gradients, int fours, UpdateRule rule, StepState* state) {
    __shared__ StepSize size;
    if (threadIdx.x == 0) {
        size = take_step_size(state, gridDim.x, rule.beta1, rule.beta2);
    }
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < fours) {
        update_four({parameters, first_moment, second_moment, average}, i, gradients[i], rule, size);
    }
}
