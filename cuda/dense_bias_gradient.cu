// The bias gradient of a dense layer: gradient[u] = the sum of dz[n, u] over n. A thread sums one unit, in the order of
// the images. Reference: daegpu.engine.reference.ActivationFunctions.
extern "C" __global__ void dense_bias_gradient(const float* __restrict__ dz, float* __restrict__ gradient, int count,
                                               int units) {
    int unit = blockIdx.x * blockDim.x + threadIdx.x;
    if (unit < units) {
        float sum = 0;
        for (int image = 0; image < count; image++) {
            sum += dz[static_cast<long long>(image) * units + unit];
        }
        gradient[unit] = sum;
    }
}
