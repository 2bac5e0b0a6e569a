// Bias and ReLU behind a convolution: y = max(x + b, 0). Reference: daegpu.engine.reference.ActivationFunctions. The
// output may be a larger plane than the input, with the border that the next convolution wants (which stays zero), or a
// smaller one, without the row and column that a transposed convolution computes beyond the image.
#include "bias_activation.cuh"

struct Relu {
    __device__ float operator()(float x) const { return fmaxf(x, 0.0f); }
};

extern "C" __global__ void bias_relu(const float* input, int input_plane, int input_pitch, const float* bias,
                                     float* output, int output_plane, int output_pitch, int total, int channels,
                                     int rows, int steps) {
    bias_activation<1>(input, input_plane, input_pitch, bias, output, output_plane, output_pitch, total, channels, rows,
                       steps, Relu());
}

extern "C" __global__ void bias_relu_vector(const float* input, int input_plane, int input_pitch, const float* bias,
                                            float* output, int output_plane, int output_pitch, int total, int channels,
                                            int rows, int steps) {
    bias_activation<4>(input, input_plane, input_pitch, bias, output, output_plane, output_pitch, total, channels, rows,
                       steps, Relu());
}
