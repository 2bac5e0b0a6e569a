// Bias and sigmoid behind the last layer when images are denoised: y = 1 / (1 + exp(-(x + b))). Training does it
// together with the loss, in sigmoid_mse.cu.
#include "bias_activation.cuh"
#include "sigmoid.cuh"

struct Sigmoid {
    __device__ float operator()(float x) const { return sigmoid(x); }
};

extern "C" __global__ void bias_sigmoid(const float* input, int input_plane, int input_pitch, const float* bias,
                                        float* output, int output_plane, int output_pitch, int total, int channels,
                                        int rows, int steps) {
    bias_activation<1>(input, input_plane, input_pitch, bias, output, output_plane, output_pitch, total, channels, rows,
                       steps, Sigmoid());
}

extern "C" __global__ void bias_sigmoid_vector(const float* input, int input_plane, int input_pitch, const float* bias,
                                               float* output, int output_plane, int output_pitch, int total,
                                               int channels, int rows, int steps) {
    bias_activation<4>(input, input_plane, input_pitch, bias, output, output_plane, output_pitch, total, channels, rows,
                       steps, Sigmoid());
}
