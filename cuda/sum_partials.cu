// The second stage of all sums of a training step: adds the blocks' shares of each bias gradient, and of the loss, in
// their order. A warp makes one sum. ranges holds three integers for each: where its shares begin in partials, how many
// there are, and the place of the sum in gradients. The last one is the loss instead: scaled to a mean, it goes to
// losses, and the batch is done.
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
