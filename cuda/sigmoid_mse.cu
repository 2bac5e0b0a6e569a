// The end of the forward pass and the beginning of the backward pass, in one: y = sigmoid(x + b), the squared error,
// and dz = 2 (y - clean) / values * y (1 - y). Reference: daegpu.engine.reference.BatchLoss and ActivationFunctions.
// Block (c, s) takes slice s of the images of channel c and leaves the sum of its squared errors in squares[c * slices
// + s] and that of dz, its share of the bias gradient, in partials[c * slices + s]; sum_partials adds those, in order.
#include "block_sum.cuh"
#include "sigmoid.cuh"
#include "vector.cuh"

// All [count, channels, plane], without gaps; steps: plane / N; scale: 2 / values of the batch.
template <int N>
__device__ void loss_and_gradient(const float* __restrict__ x, const float* __restrict__ bias,
                                  const float* __restrict__ clean, float* __restrict__ y, float* __restrict__ dz,
                                  int count, int steps, float scale, float* squares, float* partials) {
    __shared__ float scratch[2 * (SUM_THREADS / 32)];
    int channels = gridDim.x;
    int channel = blockIdx.x;
    int slices = gridDim.y;
    int first = static_cast<int>(static_cast<long long>(count) * blockIdx.y / slices);
    int end = static_cast<int>(static_cast<long long>(count) * (blockIdx.y + 1) / slices);
    float shift = bias[channel];
    float square_sum = 0;
    float gradient_sum = 0;
    for (int image = first; image < end; image++) {
        long long start = (static_cast<long long>(image) * channels + channel) * steps;
        for (int i = threadIdx.x; i < steps; i += SUM_THREADS) {
            Vector<N> values = Vector<N>::load(x + (start + i) * N);
            Vector<N> target = Vector<N>::load(clean + (start + i) * N);
            Vector<N> slope;
#pragma unroll
            for (int j = 0; j < N; j++) {
                float output = sigmoid(values.value[j] + shift);
                float difference = output - target.value[j];
                square_sum += difference * difference;
                slope.value[j] = difference * scale * (output * (1 - output));
                gradient_sum += slope.value[j];
                values.value[j] = output;
            }
            values.store(y + (start + i) * N);
            slope.store(dz + (start + i) * N);
        }
    }
    float square_total = block_sum(square_sum, scratch);
    float gradient_total = block_sum(gradient_sum, scratch + SUM_THREADS / 32);
    if (threadIdx.x == 0) {
        squares[channel * slices + blockIdx.y] = square_total;
        partials[channel * slices + blockIdx.y] = gradient_total;
    }
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    sigmoid_mse(const float* x, const float* bias, const float* clean, float* y, float* dz, int count, int steps,
                float scale, float* squares, float* partials) {
    loss_and_gradient<1>(x, bias, clean, y, dz, count, steps, scale, squares, partials);
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    sigmoid_mse_vector(const float* x, const float* bias, const float* clean, float* y, float* dz, int count, int steps,
                       float scale, float* squares, float* partials) {
    loss_and_gradient<4>(x, bias, clean, y, dz, count, steps, scale, squares, partials);
}
