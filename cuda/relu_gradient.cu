// Back through ReLU and bias: dz = y > 0 ? dy : 0, and the bias gradient, the sum of dz over a channel. Reference:
// daegpu.engine.reference.ActivationFunctions. Block (c, s) takes slice s of the images of channel c and leaves its sum
// in partials[c * slices + s]; sum_partials adds those, in the order of the slices.
#include "block_sum.cuh"
#include "vector.cuh"

// Planes [count, channels, rows, width] as in bias_activation.cuh, each of the three with its own; steps: width / N.
template <int N>
__device__ void gradient(const float* __restrict__ dy, int dy_plane, int dy_pitch, const float* __restrict__ y,
                         int y_plane, int y_pitch, float* __restrict__ dz, int dz_plane, int dz_pitch, int count,
                         int rows, int steps, float* partials) {
    __shared__ float scratch[SUM_THREADS / 32];
    int channels = gridDim.x;
    int channel = blockIdx.x;
    int slices = gridDim.y;
    int first = static_cast<int>(static_cast<long long>(count) * blockIdx.y / slices);
    int end = static_cast<int>(static_cast<long long>(count) * (blockIdx.y + 1) / slices);
    float sum = 0;
    for (int image = first; image < end; image++) {
        long long plane = static_cast<long long>(image) * channels + channel;
        for (int i = threadIdx.x; i < rows * steps; i += SUM_THREADS) {
            int row = i / steps;
            int column = (i - row * steps) * N;
            Vector<N> out = Vector<N>::load(y + plane * y_plane + row * y_pitch + column);
            Vector<N> slope = Vector<N>::load(dy + plane * dy_plane + row * dy_pitch + column);
#pragma unroll
            for (int j = 0; j < N; j++) {
                slope.value[j] = out.value[j] > 0 ? slope.value[j] : 0.0f;
                sum += slope.value[j];
            }
            slope.store(dz + plane * dz_plane + row * dz_pitch + column);
        }
    }
    float total = block_sum(sum, scratch);
    if (threadIdx.x == 0) {
        partials[channel * slices + blockIdx.y] = total;
    }
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    relu_gradient(const float* dy, int dy_plane, int dy_pitch, const float* y, int y_plane, int y_pitch, float* dz,
                  int dz_plane, int dz_pitch, int count, int rows, int steps, float* partials) {
    gradient<1>(dy, dy_plane, dy_pitch, y, y_plane, y_pitch, dz, dz_plane, dz_pitch, count, rows, steps, partials);
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    relu_gradient_vector(const float* dy, int dy_plane, int dy_pitch, const float* y, int y_plane, int y_pitch,
                         float* dz, int dz_plane, int dz_pitch, int count, int rows, int steps, float* partials) {
    gradient<4>(dy, dy_plane, dy_pitch, y, y_plane, y_pitch, dz, dz_plane, dz_pitch, count, rows, steps, partials);
}
