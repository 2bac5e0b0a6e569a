// One update of all parameters by gradients that lie beside them: include/adam.cuh. Reference:
// daegpu.engine.reference.Update. Tensors lie in one arena whose gaps are zero and stay so; a thread takes four values.
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
