// What follows a convolution by cuDNN or a product by cuBLAS: output = activation(input + bias + added) over planes
// [images, channels, rows, width]. A thread takes one value, or N = 4 neighbours of a row; bias and added may be null.
// Reference: daegpu.engine.reference.ActivationFunctions. A plane may be larger than the rows and columns that count:
// it may have the border that the next convolution wants (which stays zero), or the row and column that a transposed
// convolution computes beyond the image. So there are `plane` floats from one plane to the next, and `pitch` floats
// from row to row. total: threads that have work, images * channels * rows * steps; steps: width / N.
#include "activation.cuh"
#include "vector.cuh"

template <int N>
__device__ void apply(const float* __restrict__ input, int input_plane, int input_pitch, const float* __restrict__ bias,
                      const float* __restrict__ added, int added_plane, int added_pitch, float* __restrict__ output,
                      int output_plane, int output_pitch, int total, int channels, int rows, int steps,
                      int activation) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= total) {
        return;
    }
    int line = thread / steps;
    int column = (thread - line * steps) * N;
    int number = line / rows;
    int row = line - number * rows;
    float shift = bias != nullptr ? bias[number % channels] : 0.0f;
    long long plane = number;
    Vector<N> values = Vector<N>::load(input + plane * input_plane + row * input_pitch + column);
#pragma unroll
    for (int i = 0; i < N; i++) {
        values.value[i] += shift;
    }
    if (added != nullptr) {
        values.add(Vector<N>::load(added + plane * added_plane + row * added_pitch + column));
    }
    with_activation(activation, [&](auto known) {
#pragma unroll
        for (int i = 0; i < N; i++) {
            values.value[i] = activated(known, values.value[i]);
        }
    });
    values.store(output + plane * output_plane + row * output_pitch + column);
}

extern "C" __global__ void bias_activation(const float* input, int input_plane, int input_pitch, const float* bias,
                                           const float* added, int added_plane, int added_pitch, float* output,
                                           int output_plane, int output_pitch, int total, int channels, int rows,
                                           int steps, int activation) {
    apply<1>(input, input_plane, input_pitch, bias, added, added_plane, added_pitch, output, output_plane, output_pitch,
             total, channels, rows, steps, activation);
}

extern "C" __global__ void bias_activation_vector(const float* input, int input_plane, int input_pitch,
                                                  const float* bias, const float* added, int added_plane,
                                                  int added_pitch, float* output, int output_plane, int output_pitch,
                                                  int total, int channels, int rows, int steps, int activation) {
    apply<4>(input, input_plane, input_pitch, bias, added, added_plane, added_pitch, output, output_plane, output_pitch,
             total, channels, rows, steps, activation);
}
