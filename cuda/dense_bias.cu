// Fills the outputs of a batch with the bias, output[n, u] = bias[u]. cuBLAS then adds the matrix product of a dense
// layer to them. A thread writes one value.
extern "C" __global__ void dense_bias(const float* __restrict__ bias, float* __restrict__ output, int total,
                                      int units) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread < total) {
        output[thread] = bias[thread % units];
    }
}

// The same by float4: the number of units is a multiple of 4, and total and units count float4s.
extern "C" __global__ void dense_bias_vector(const float4* __restrict__ bias, float4* __restrict__ output, int total,
                                             int units) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread < total) {
        output[thread] = bias[thread % units];
    }
}
