// The gradient at what a layer computed before its activation: dz = back_through(y, data + old dz + term), where each
// of the three may be missing, and the sum of dz over a channel, which is the bias gradient. Reference:
// daegpu.engine.reference.ActivationFunctions. Block (c, s) takes channel c of slice s of the images, and stores its
// sum in partials[c * slices + s]; sum_partials.cu adds these in the order of the slices.
#include "activation.cuh"
#include "block_sum.cuh"
#include "vector.cuh"

// Planes are [count, channels, rows, width] as in bias_activation.cu; each of the four tensors has its own plane and
// pitch. steps: width / N. data, term, y (of a linear layer) and partials may be null.
template <int N>
__device__ void gradient(const float* __restrict__ data, int data_plane, int data_pitch, int accumulates,
                         const float* __restrict__ term, int term_plane, int term_pitch, const float* __restrict__ y,
                         int y_plane, int y_pitch, float* __restrict__ dz, int dz_plane, int dz_pitch, int count,
                         int rows, int steps, int activation, float* partials) {
    __shared__ float scratch[SUM_THREADS / 32];
    int channels = gridDim.x;
    int channel = blockIdx.x;
    int slices = gridDim.y;
    int first = static_cast<int>(static_cast<long long>(count) * blockIdx.y / slices);
    int end = static_cast<int>(static_cast<long long>(count) * (blockIdx.y + 1) / slices);
    float sum = 0;
    bool adds = accumulates || term != nullptr;
    with_activation(activation, [&](auto known) {
        for (int image = first; image < end; image++) {
            long long plane = static_cast<long long>(image) * channels + channel;
            for (int i = threadIdx.x; i < rows * steps; i += SUM_THREADS) {
                int row = i / steps;
                int column = (i - row * steps) * N;
                float* to = dz + plane * dz_plane + row * dz_pitch + column;
                Vector<N> slope = data != nullptr
                                      ? Vector<N>::load(data + plane * data_plane + row * data_pitch + column)
                                      : Vector<N>::zero();
                if (adds) {
                    if (accumulates) {
                        slope.add(Vector<N>::load(to));
                    }
                    if (term != nullptr) {
                        slope.add(Vector<N>::load(term + plane * term_plane + row * term_pitch + column));
                    }
                }
                Vector<N> out =
                    known == LINEAR ? Vector<N>::zero() : Vector<N>::load(y + plane * y_plane + row * y_pitch + column);
#pragma unroll
                for (int j = 0; j < N; j++) {
                    slope.value[j] = back_through(known, out.value[j], slope.value[j]);
                    sum += slope.value[j];
                }
                slope.store(to);
            }
        }
    });
    if (partials == nullptr) {
        return;
    }
    float total = block_sum(sum, scratch);
    if (threadIdx.x == 0) {
        partials[channel * slices + blockIdx.y] = total;
    }
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    activation_gradient(const float* data, int data_plane, int data_pitch, int accumulates, const float* term,
                        int term_plane, int term_pitch, const float* y, int y_plane, int y_pitch, float* dz,
                        int dz_plane, int dz_pitch, int count, int rows, int steps, int activation, float* partials) {
    gradient<1>(data, data_plane, data_pitch, accumulates, term, term_plane, term_pitch, y, y_plane, y_pitch, dz,
                dz_plane, dz_pitch, count, rows, steps, activation, partials);
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    activation_gradient_vector(const float* data, int data_plane, int data_pitch, int accumulates, const float* term,
                               int term_plane, int term_pitch, const float* y, int y_plane, int y_pitch, float* dz,
                               int dz_plane, int dz_pitch, int count, int rows, int steps, int activation,
                               float* partials) {
    gradient<4>(data, data_plane, data_pitch, accumulates, term, term_plane, term_pitch, y, y_plane, y_pitch, dz,
                dz_plane, dz_pitch, count, rows, steps, activation, partials);
}
