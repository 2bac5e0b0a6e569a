// The second stage of the sums of a training step: adds the shares that blocks left of each bias gradient, and of the
// loss. A warp computes one sum: a lane adds shares lane, lane + 32, ... in their order, then the lanes are added in a
// fixed tree. ranges has three integers for each sum: where its shares begin in partials, how many there are, and where
// the sum goes in gradients. The last sum is the loss: it is scaled to a mean and goes to losses instead, and the batch
// is then done.
#include "block_sum.cuh"
#include "step_state.cuh"

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    sum_partials(const float* __restrict__ partials, const int* __restrict__ ranges, int sums,
                 float* __restrict__ gradients, float loss_scale, float* __restrict__ losses, int count,
                 StepState* state) {
    int which = blockIdx.x * (SUM_THREADS / 32) + threadIdx.x / 32;
    if (which >= sums) {
        return;
    }
    int from = ranges[3 * which];
    int shares = ranges[3 * which + 1];
    float sum = 0;
    for (int i = threadIdx.x % 32; i < shares; i += 32) {
        sum += partials[from + i];
    }
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0) {
        if (which < sums - 1) {
            gradients[ranges[3 * which + 2]] = sum;
        } else {
            losses[state->losses] = sum * loss_scale;
            state->losses++;
            state->position += count;
        }
    }
}
