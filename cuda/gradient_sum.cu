// Completes a gradient that no data gradient completes: dz = back_through(y, what is in dz + term), images
// [count, height, width, channels] as rows of `columns` floats. Reference: daegpu.engine.reference.ActivationFunctions.
// Block (x, y) takes 32 columns of some rows, a warp a row at a time, and leaves their sums, which are a bias gradient,
// in row x of sums, always added in the same order. term, y (of a linear layer) and sums may be null.
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
