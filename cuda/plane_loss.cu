// The end of the forward pass and the beginning of the backward pass in one: y = activation(x + bias + added), the loss
// of y - clean, and dz, the gradient of the loss before the activation. Reference: daegpu.engine.reference.BatchLoss
// and ActivationFunctions. Block (c, s) takes channel c of slice s of the images. It stores the sum of its losses in
// losses[c * slices + s], and the sum of dz, its share of the bias gradient, in partials[c * slices + s];
// sum_partials.cu adds these in their order.
#include "activation.cuh"
#include "block_sum.cuh"
#include "loss.cuh"
#include "vector.cuh"

// Planes are [count, channels, rows, width] as in bias_activation.cu; clean and mask have the layout of y.
// steps: width / N; scale: factor of the gradient. bias, added, mask and partials may be null.
template <int N>
__device__ void loss_and_gradient(const float* __restrict__ x, int x_plane, int x_pitch, const float* __restrict__ bias,
                                  const float* __restrict__ added, int added_plane, int added_pitch,
                                  const float* __restrict__ clean, const float* __restrict__ mask,
                                  float* __restrict__ y, int y_plane, int y_pitch, float* __restrict__ dz, int dz_plane,
                                  int dz_pitch, int count, int rows, int steps, int activation, int loss, float scale,
                                  float* losses, float* partials) {
    __shared__ float scratch[2 * (SUM_THREADS / 32)];
    int channels = gridDim.x;
    int channel = blockIdx.x;
    int slices = gridDim.y;
    int first = static_cast<int>(static_cast<long long>(count) * blockIdx.y / slices);
    int end = static_cast<int>(static_cast<long long>(count) * (blockIdx.y + 1) / slices);
    float shift = bias != nullptr ? bias[channel] : 0.0f;
    float loss_sum = 0;
    float gradient_sum = 0;
    for (int image = first; image < end; image++) {
        long long plane = static_cast<long long>(image) * channels + channel;
        for (int i = threadIdx.x; i < rows * steps; i += SUM_THREADS) {
            int row = i / steps;
            int column = (i - row * steps) * N;
            long long at = plane * y_plane + row * y_pitch + column;
            Vector<N> values = Vector<N>::load(x + plane * x_plane + row * x_pitch + column);
            Vector<N> target = Vector<N>::load(clean + at);
            Vector<N> weight = Vector<N>::one();
            if (mask != nullptr) {
                weight = Vector<N>::load(mask + at);
            }
#pragma unroll
            for (int j = 0; j < N; j++) {
                values.value[j] += shift;
            }
            if (added != nullptr) {
                values.add(Vector<N>::load(added + plane * added_plane + row * added_pitch + column));
            }
            Vector<N> gradient;
#pragma unroll
            for (int j = 0; j < N; j++) {
                float output = activated(activation, values.value[j]);
                float slope = add_loss(loss, output - target.value[j], weight.value[j], loss_sum);
                gradient.value[j] = back_through(activation, output, slope * scale);
                gradient_sum += gradient.value[j];
                values.value[j] = output;
            }
            values.store(y + at);
            gradient.store(dz + plane * dz_plane + row * dz_pitch + column);
        }
    }
    float loss_total = block_sum(loss_sum, scratch);
    float gradient_total = block_sum(gradient_sum, scratch + SUM_THREADS / 32);
    if (threadIdx.x == 0) {
        losses[channel * slices + blockIdx.y] = loss_total;
        if (partials != nullptr) {
            partials[channel * slices + blockIdx.y] = gradient_total;
        }
    }
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    plane_loss(const float* x, int x_plane, int x_pitch, const float* bias, const float* added, int added_plane,
               int added_pitch, const float* clean, const float* mask, float* y, int y_plane, int y_pitch, float* dz,
               int dz_plane, int dz_pitch, int count, int rows, int steps, int activation, int loss, float scale,
               float* losses, float* partials) {
    loss_and_gradient<1>(x, x_plane, x_pitch, bias, added, added_plane, added_pitch, clean, mask, y, y_plane, y_pitch,
                         dz, dz_plane, dz_pitch, count, rows, steps, activation, loss, scale, losses, partials);
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    plane_loss_vector(const float* x, int x_plane, int x_pitch, const float* bias, const float* added, int added_plane,
                      int added_pitch, const float* clean, const float* mask, float* y, int y_plane, int y_pitch,
                      float* dz, int dz_plane, int dz_pitch, int count, int rows, int steps, int activation, int loss,
                      float scale, float* losses, float* partials) {
    loss_and_gradient<4>(x, x_plane, x_pitch, bias, added, added_plane, added_pitch, clean, mask, y, y_plane, y_pitch,
                         dz, dz_plane, dz_pitch, count, rows, steps, activation, loss, scale, losses, partials);
}
