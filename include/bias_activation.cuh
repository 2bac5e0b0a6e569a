#pragma once

#include "vector.cuh"

// output = activation(input + bias) over planes [images, channels, rows, width], one value or four neighbours of a row
// a thread. Planes may be larger than the rows and columns that count: `plane` floats from one to the next, `pitch`
// floats from row to row. total: threads that have work, images * channels * rows * steps; steps: width / N
template <int N, typename Activation>
__device__ void bias_activation(const float* __restrict__ input, int input_plane, int input_pitch,
                                const float* __restrict__ bias, float* __restrict__ output, int output_plane,
                                int output_pitch, int total, int channels, int rows, int steps, Activation activation) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= total) {
        return;
    }
    int line = thread / steps;
    int column = (thread - line * steps) * N;
    int plane = line / rows;
    int row = line - plane * rows;
    float shift = bias[plane % channels];
    Vector<N> values =
        Vector<N>::load(input + plane * static_cast<long long>(input_plane) + row * input_pitch + column);
    for (int i = 0; i < N; i++) {
        values.value[i] = activation(values.value[i] + shift);
    }
    values.store(output + plane * static_cast<long long>(output_plane) + row * output_pitch + column);
}
