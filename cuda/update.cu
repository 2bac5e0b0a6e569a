// The second stage of all sums of a training step by this program's own kernels, and Adam on what they give. Reference:
// daegpu.engine.reference.Update. The arena of parameters is cut into pieces of 64 floats, each of one tensor;
// pieces holds four integers for each: where the first share of its gradient begins in partials, how many shares there
// are, how many floats there are from one to the next, and nothing. A block takes a piece: thread (q, s) adds shares s,
// s + 8,
// ... of four floats, and threads (q, 0) add those sums, always in this order.
#include "adam.cuh"
#include "block_sum.cuh"
#include "step_size.cuh"

constexpr int PIECE_FOURS = 16;
constexpr int PARTS = SUM_THREADS / PIECE_FOURS;

__device__ inline void add(float4& sum, float4 more) {
    sum.x += more.x;
    sum.y += more.y;
    sum.z += more.z;
    sum.w += more.w;
}

// The gradient of four floats of the block's piece; whole in the threads of part 0.
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

// One more block than there are pieces: the last one makes the loss, and the batch is done.
extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    update(float4* __restrict__ parameters, float4* __restrict__ first_moment, float4* __restrict__ second_moment,
           const float* __restrict__ partials, const int4* __restrict__ pieces, float weight1, float weight2,
           float epsilon, float beta1, float beta2, const float* __restrict__ squares, int square_count,
           float loss_scale, float* __restrict__ losses, int count, StepState* state) {
    if (blockIdx.x == gridDim.x - 1) {
        __shared__ float scratch[SUM_THREADS / 32];
        float sum = 0;
        for (int i = threadIdx.x; i < square_count; i += SUM_THREADS) {
            sum += squares[i];
        }
        float total = block_sum(sum, scratch);
        if (threadIdx.x == 0) {
            losses[state->losses] = total * loss_scale;
            state->losses++;
            state->position += count;
        }
        return;
    }
    __shared__ float alpha;
    if (threadIdx.x == 0) {
        alpha = take_step_size(state, gridDim.x - 1, beta1, beta2);
    }
    float4 g = gradient_of_piece(partials, pieces);  // waits for all threads of the block
    if (threadIdx.x < PIECE_FOURS) {
        AdamConstants constants = {weight1, weight2, epsilon, alpha};
        int i = blockIdx.x * PIECE_FOURS + threadIdx.x;
        float4 p = parameters[i];
        float4 m = first_moment[i];
        float4 v = second_moment[i];
        adam_update(p.x, m.x, v.x, g.x, constants);
        adam_update(p.y, m.y, v.y, g.y, constants);
        adam_update(p.z, m.z, v.z, g.z, constants);
        adam_update(p.w, m.w, v.w, g.w, constants);
        parameters[i] = p;
        first_moment[i] = m;
        second_moment[i] = v;
    }
}

// The gradients by themselves, for who asks for them.
extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    gradients(const float* __restrict__ partials, const int4* __restrict__ pieces, float4* __restrict__ sums) {
    float4 g = gradient_of_piece(partials, pieces);
    if (threadIdx.x < PIECE_FOURS) {
        sums[blockIdx.x * PIECE_FOURS + threadIdx.x] = g;
    }
}
