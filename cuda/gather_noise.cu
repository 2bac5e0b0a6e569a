// Makes a batch: picks images by the epoch's order, scales them to [0, 1] and corrupts them, clip(x + N(mean, std), 0, 1),
// in one pass. Reference: daegpu.noise.Noise, whose integers it draws; its normals differ by sin.approx and cos.approx. A
// thread makes the four values that one curand_normal4 is for.
//
// Both kernels: position is the place of the batch in the epoch's order; ring is 0 where all images of the set are on the
// device.
#include "batch_source.cuh"
#include "philox.cuh"

__device__ inline float corrupted(float clean, float mean, float std, float normal) {
    return fminf(fmaxf(clean + (mean + std * normal), 0.0f), 1.0f);
}

// Where the pixels of the image with this index are, which is the `place`-th of the epoch: among all images of the set, or,
// where these do not fit on the device, in a ring of `ring` images that are copied here in the order of the epoch.
__device__ inline const unsigned char* pixels_of(const BatchSource* source, int place, int index, int ring, int image_size) {
    return source->images + static_cast<long long>(ring == 0 ? index : place % ring) * image_size;
}

// Standard deviation of the noise of the image with this subsequence.
__device__ inline float level(const BatchSource* source, unsigned long long subsequence) {
    if (source->lowest_std == source->highest_std) {
        return source->lowest_std;
    }
    curandStatePhilox4_32_10_t state = philox(source->seed, PURPOSE_IMAGE + subsequence, source->image_offset / 4);
    return source->lowest_std + (source->highest_std - source->lowest_std) * curand_uniform4(&state).x;
}

// Any size and number of channels. clean: [count, channels, height, width]; noisy: the same in planes of noisy_plane floats
// with rows of noisy_pitch, of which only the image is written.
extern "C" __global__ void gather_noise(const BatchSource* source, const int* position, int ring, int count,
                                        int image_size, int width, int channels,
                                        float* __restrict__ clean, float* __restrict__ noisy, int noisy_plane,
                                                int noisy_pitch) {
    int quads = (image_size + 3) / 4;
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= count * quads) {
        return;
    }
    int image = thread / quads;
    int quad = thread - image * quads;
    int place = *position + image;
    int index = source->order == nullptr ? place : source->order[place];
    unsigned long long subsequence = source->base + index;
    float std = level(source, subsequence);
    curandStatePhilox4_32_10_t state = philox(source->seed, subsequence, source->pixel_offset / 4 + quad);
    float4 normals = curand_normal4(&state);
    float normal[4] = {normals.x, normals.y, normals.z, normals.w};
    const unsigned char* pixels = pixels_of(source, place, index, ring, image_size);
    int plane = image_size / channels;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        int value = 4 * quad + i;
        if (value < image_size) {
            int pixel = value / channels;
            int channel = value - pixel * channels;
            int row = pixel / width;
            int column = pixel - row * width;
            long long target = static_cast<long long>(image) * channels + channel;
            float scaled = pixels[value] / 255.0f;
            clean[target * plane + pixel] = scaled;
            noisy[target * noisy_plane + row * noisy_pitch + column] = corrupted(scaled, source->mean, std, normal[i]);
        }
    }
}

// One channel, and a width and noisy_pitch divisible by 4: four pixels are loaded at once, and stored by 16 bytes.
extern "C" __global__ void gather_noise_vector(const BatchSource* source, const int* position, int ring, int count,
                                               int image_size, int width,
                                               float* __restrict__ clean, float* __restrict__ noisy, int noisy_plane,
                                                       int noisy_pitch) {
    int quads = image_size / 4;
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= count * quads) {
        return;
    }
    int image = thread / quads;
    int quad = thread - image * quads;
    int place = *position + image;
    int index = source->order == nullptr ? place : source->order[place];
    unsigned long long subsequence = source->base + index;
    float std = level(source, subsequence);
    curandStatePhilox4_32_10_t state = philox(source->seed, subsequence, source->pixel_offset / 4 + quad);
    float4 normal = curand_normal4(&state);
    uchar4 pixels = *reinterpret_cast<const uchar4*>(pixels_of(source, place, index, ring, image_size) + 4 * quad);
    float4 scaled = make_float4(pixels.x / 255.0f, pixels.y / 255.0f, pixels.z / 255.0f, pixels.w / 255.0f);
    float mean = source->mean;
    int row = 4 * quad / width;
    int column = 4 * quad - row * width;
    // The compiler takes a float4 that is assigned apart again, into four stores.
    __stwb(reinterpret_cast<float4*>(clean + static_cast<long long>(image) * image_size + 4 * quad), scaled);
    __stwb(reinterpret_cast<float4*>(noisy + static_cast<long long>(image) * noisy_plane + row * noisy_pitch + column),
           make_float4(corrupted(scaled.x, mean, std, normal.x), corrupted(scaled.y, mean, std, normal.y),
                       corrupted(scaled.z, mean, std, normal.z), corrupted(scaled.w, mean, std, normal.w)));
}
