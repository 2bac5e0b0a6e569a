// The second stage of the sums of a training step by this program's own kernels, and the update with the gradients that
// it gives. Reference: daegpu.engine.reference.Update. The arena of parameters is divided into pieces of 64 floats,
// each of one tensor. pieces has four integers for each piece: where the first share of its gradient begins in
// partials, how many shares there are, how many floats there are from one share to the next, and an unused one. A block
// takes one piece: thread (q, s) adds shares s, s + 8, ... of its four floats, and thread (q, 0) then adds these sums
// for s = 0 to 7, always in this order.
#include "adam.cuh"
#include "block_sum.cuh"

constexpr int PIECE_FOURS = 16;
constexpr int PARTS = SUM_THREADS / PIECE_FOURS;

__device__ inline void add(float4& sum, float4 more) {
    sum.x += more.x;
    sum.y += more.y;
    sum.z += more.z;
    sum.w += more.w;
}

// The gradient of four floats of the block's piece. Only the threads of part 0 have the whole sum.
__device__ inline float4 gradient_of_piece(const float* partials, const int4* pieces) {
    __shared__ float4 parts[SUM_THREADS];
    int4 piece = pieces[blockIdx.x];
    int four = threadIdx.x % PIECE_FOURS;
    int part = threadIdx.x / PIECE_FOURS;
    float4 sum = make_float4(0, 0, 0, 0);
    for (int share = part; share < piece.y; share += PARTS) {
        add(sum,
            *reinterpret_cast<const float4*>(partials + piece.x + static_cast<long long>(share) * piece.z + 4 * four));
    }
    parts[threadIdx.x] = sum;
    __syncthreads();
    if (part == 0) {
        for (int other = 1; other < PARTS; other++) {
            add(sum, parts[threadIdx.x + other * PIECE_FOURS]);
        }
    }
    return sum;
}

// What the blocks of the last layer left of its losses.
struct BatchLosses {
    const float* sums;
    int count;
    float scale;
    int images;  // of the batch
};

// Stores the loss of the batch, which is then done. One block calls this.
__device__ inline void finish_batch(const BatchLosses& batch, float* losses, StepState* state) {
    __shared__ float scratch[SUM_THREADS / 32];
    float sum = 0;
    for (int i = threadIdx.x; i < batch.count; i += SUM_THREADS) {
        sum += batch.sums[i];
    }
    float total = block_sum(sum, scratch);
    if (threadIdx.x == 0) {
        losses[state->losses] = total * batch.scale;
        state->losses++;
        state->position += batch.images;
    }
}

// The launch has one block more than there are pieces: the last one finishes the batch.
extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    update(float4* __restrict__ parameters, float4* __restrict__ first_moment, float4* __restrict__ second_moment,
           float4* __restrict__ average, const float* __restrict__ partials, const int4* __restrict__ pieces,
           UpdateRule rule, const float* __restrict__ loss_sums, int loss_count, float loss_scale, int images,
           float* __restrict__ losses, StepState* state) {
    if (blockIdx.x == gridDim.x - 1) {
        finish_batch({loss_sums, loss_count, loss_scale, images}, losses, state);
        return;
    }
    __shared__ StepSize size;
    if (threadIdx.x == 0) {
        size = take_step_size(state, gridDim.x - 1, rule.beta1, rule.beta2);
    }
    float4 g = gradient_of_piece(partials, pieces);  // has a barrier, after which all threads know the step size
    if (threadIdx.x < PIECE_FOURS) {
        update_four({parameters, first_moment, second_moment, average}, blockIdx.x * PIECE_FOURS + threadIdx.x, g, rule,
                    size);
    }
}

// Stores the gradients without an update. If the launch has one block more than there are pieces, the last one finishes
// the batch.
extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    gradients(const float* __restrict__ partials, const int4* __restrict__ pieces, int piece_count,
              float4* __restrict__ gradients, const float* __restrict__ loss_sums, int loss_count, float loss_scale,
              int images, float* __restrict__ losses, StepState* state) {
    if (blockIdx.x == piece_count) {
        finish_batch({loss_sums, loss_count, loss_scale, images}, losses, state);
        return;
    }
    float4 g = gradient_of_piece(partials, pieces);
    if (threadIdx.x < PIECE_FOURS) {
        gradients[blockIdx.x * PIECE_FOURS + threadIdx.x] = g;
    }
}
