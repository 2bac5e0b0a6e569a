// One update of all parameters: m += (g - m) (1 - beta1), v += (g^2 - v) (1 - beta2),
// p -= alpha m / (sqrt(v) + epsilon). Reference: daegpu.engine.reference.Update. Tensors lie in one arena whose
// gaps are zero and stay so; a thread takes four values.
#include "adam.cuh"
#include "step_size.cuh"

extern "C" __global__ void adam(float4* __restrict__ parameters, float4* __restrict__ first_moment,
                                float4* __restrict__ second_moment, const float4* __restrict__ gradients, int fours,
                                float weight1, float weight2, float epsilon, float beta1, float beta2,
                                StepState* state) {
    __shared__ float alpha;
    if (threadIdx.x == 0) {
        alpha = take_step_size(state, gridDim.x, beta1, beta2);
    }
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= fours) {
        return;
    }
    AdamConstants constants = {weight1, weight2, epsilon, alpha};
    float4 p = parameters[i];
    float4 m = first_moment[i];
    float4 v = second_moment[i];
    float4 g = gradients[i];
    adam_update(p.x, m.x, v.x, g.x, constants);
    adam_update(p.y, m.y, v.y, g.y, constants);
    adam_update(p.z, m.z, v.z, g.z, constants);
    adam_update(p.w, m.w, v.w, g.w, constants);
    parameters[i] = p;
    first_moment[i] = m;
    second_moment[i] = v;
}
