// Completes a gradient that no data gradient completes: dz = back_through(y, old dz + term), for images [count, height,
// width, channels], which are rows of `columns` floats. Reference: daegpu.engine.reference.ActivationFunctions. Block
// (x, y) takes 32 columns of some of the rows; each of its warps takes one row at a time. The sums of the columns, a
// bias gradient, go to row x of sums: a thread adds its rows in their order, then the warps are added in theirs. term,
// y (of a linear layer) and sums may be null.
#include "activation.cuh"
#include "block_sum.cuh"

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    gradient_sum(int accumulates, const float* __restrict__ term, const float* __restrict__ y, float* __restrict__ dz,
                 int rows, int columns, int activation, float* __restrict__ sums, int sums_pitch) {
    constexpr int WARPS = SUM_THREADS / 32;
    __shared__ float of_warps[SUM_THREADS];
    int warp = threadIdx.x / 32;
    int column = blockIdx.y * 32 + threadIdx.x % 32;
    float sum = 0;
    if (column < columns) {
        for (int row = blockIdx.x * WARPS + warp; row < rows; row += gridDim.x * WARPS) {
            long long at = static_cast<long long>(row) * columns + column;
            float slope = accumulates ? dz[at] : 0.0f;
            if (term != nullptr) {
                slope += term[at];
            }
            slope = back_through(activation, y != nullptr ? y[at] : 0.0f, slope);
            dz[at] = slope;
            sum += slope;
        }
    }
    if (sums == nullptr) {
        return;
    }
    of_warps[threadIdx.x] = sum;
    __syncthreads();
    if (warp == 0 && column < columns) {
        for (int other = 1; other < WARPS; other++) {
            sum += of_warps[threadIdx.x + 32 * other];
        }
        sums[static_cast<long long>(blockIdx.x) * sums_pitch + column] = sum;
    }
}
