// Copies between the layout of the program, [images, height, width, channels], and that of the layers, planes [images,
// channels, height, width] with `plane` floats from one plane to the next and `pitch` floats from row to row. A thread
// copies one value.
struct Place {
    long long in_pixels;
    long long in_planes;
};

__device__ inline Place place(int thread, int channels, int rows, int width, int plane, int pitch) {
    int line = thread / width;
    int column = thread - line * width;
    int target = line / rows;
    int row = line - target * rows;
    int image = target / channels;
    int channel = target - image * channels;
    return {((static_cast<long long>(image) * rows + row) * width + column) * channels + channel,
            static_cast<long long>(target) * plane + row * pitch + column};
}

extern "C" __global__ void to_planes(const float* __restrict__ pixels, float* __restrict__ planes, int total,
                                     int channels, int rows, int width, int plane, int pitch) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread < total) {
        Place at = place(thread, channels, rows, width, plane, pitch);
        planes[at.in_planes] = pixels[at.in_pixels];
    }
}

extern "C" __global__ void to_pixels(const float* __restrict__ planes, float* __restrict__ pixels, int total,
                                     int channels, int rows, int width, int plane, int pitch) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread < total) {
        Place at = place(thread, channels, rows, width, plane, pitch);
        pixels[at.in_pixels] = planes[at.in_planes];
    }
}
