// Fills a batch of outputs with the bias, output[n, u] = bias[u], to which the matrix product of a dense layer is then
// added.
extern "C" __global__ void dense_bias(const float* __restrict__ bias, float* __restrict__ output, int total,
                                      int units) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread < total) {
        output[thread] = bias[thread % units];
    }
}

// A number of units divisible by 4; total and units count fours.
extern "C" __global__ void dense_bias_vector(const float4* __restrict__ bias, float4* __restrict__ output, int total,
                                             int units) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread < total) {
        output[thread] = bias[thread % units];
    }
}
