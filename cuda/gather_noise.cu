// Makes a batch in one pass: picks images by the epoch's order, scales their values to [0, 1] and adds noise.
// Reference: daegpu.noise.Noise. The integers that are drawn are the same as there; normals differ slightly, as
// sin.approx and cos.approx compute them here. A thread makes the four values for which one curand_normal4 or curand4
// draws.
//
// In all kernels, `position` is where the batch begins in the epoch's order; `ring` is the number of images in the ring
// (see WholeImages), or 0 if all images of the set are on the device; noisy values are clipped to `least` and
// `greatest`, which are 0 and 1, or infinities for noise that is not clipped. Gaussian noise, x + N(mean, std), has
// kernels of its own, so that it pays nothing for the other kinds. Kernels for patches cut them from whole pictures,
// which are then what source->images holds. Pairs, and images with blind spots, have a kernel for all kinds of noise.
// Each kernel exists twice, for images of bytes and for images of 16-bit values.
#include "batch_source.cuh"
#include "philox.cuh"

__device__ inline float clipped(float value, float least, float greatest) {
    return fminf(fmaxf(value, least), greatest);
}

// How the values of images are held (daegpu.data.Depth): the type of a value, which value stands for 1, and the nearest
// byte.
struct Bits8 {
    using Value = unsigned char;
    using Four = uchar4;
    static constexpr float WHITE = 255.0f;

    static __device__ int byte(Value value) { return value; }

    static __device__ Four four(Value x, Value y, Value z, Value w) { return make_uchar4(x, y, z, w); }
};

struct Bits16 {
    using Value = unsigned short;
    using Four = ushort4;
    static constexpr float WHITE = 65535.0f;

    static __device__ int byte(Value value) { return (value + 128) / 257; }

    static __device__ Four four(Value x, Value y, Value z, Value w) { return make_ushort4(x, y, z, w); }
};

__device__ inline float gaussian(float clean, float mean, float std, float normal) {
    return clean + (mean + std * normal);
}

// Images of one size, each with its values in a row. They are all images of the set, or, if these do not fit on the
// device, a ring of `ring` images, which the host fills in the order of the epoch.
template <class HowHeld>
struct WholeImages {
    using Held = HowHeld;
    using Value = typename Held::Value;

    int ring;

    struct Image {
        const Value* pixels;

        __device__ Value at(int value, int row, int column, int channel) const { return pixels[value]; }

        __device__ typename Held::Four four(int value, int row, int column) const {
            return *reinterpret_cast<const typename Held::Four*>(pixels + value);
        }
    };

    // The image with this index, which has place `place` in the order of the epoch.
    __device__ Image image(const BatchSource* source, int place, int index, int image_size) const {
        return {reinterpret_cast<const Value*>(source->images)
                + static_cast<long long>(ring == 0 ? index : place % ring) * image_size};
    }
};

// Where a patch lies in the pictures. daegpu.engine.cuda.batch.PatchTable writes these.
struct __align__(16) Patch {
    long long first;  // index of the first value of its first pixel
    int row_step;     // values from one row of the patch to the next; the steps also express flips and turns
    int column_step;
};

// Patches of pictures. If a batch has the channels of a pixel side by side instead of in planes, the kernels see images
// of a single channel, in which each pixel is `interleaved` columns wide; else `interleaved` is 1.
template <class HowHeld>
struct PatchImages {
    using Held = HowHeld;
    using Value = typename Held::Value;

    const Patch* patches;  // the patches of the epoch, by index
    int interleaved;

    struct Image {
        const Value* first;
        int row_step;
        int column_step;
        int interleaved;

        __device__ Value at(int value, int row, int column, int channel) const {
            int pixel = interleaved == 1 ? column : column / interleaved;
            return first[row * row_step + pixel * column_step + (column - pixel * interleaved) + channel];
        }

        __device__ typename Held::Four four(int value, int row, int column) const {
            return Held::four(at(value, row, column, 0), at(value + 1, row, column + 1, 0),
                              at(value + 2, row, column + 2, 0), at(value + 3, row, column + 3, 0));
        }
    };

    __device__ Image image(const BatchSource* source, int place, int index, int image_size) const {
        int4 words = *reinterpret_cast<const int4*>(patches + index);
        long long first = static_cast<long long>(words.y) << 32 | static_cast<unsigned int>(words.x);
        return {reinterpret_cast<const Value*>(source->images) + first, words.z, words.w, interleaved};
    }
};

// The standard deviation of the noise of the image with this subsequence.
__device__ inline float level(const BatchSource* source, unsigned long long subsequence) {
    if (source->lowest_std == source->highest_std) {
        return source->lowest_std;
    }
    curandStatePhilox4_32_10_t state = philox(source->seed, PURPOSE_IMAGE + subsequence, source->image_offset / 4);
    return source->lowest_std + (source->highest_std - source->lowest_std) * curand_uniform4(&state).x;
}

// Gaussian noise, for any size and number of channels. clean is [count, channels, height, width]; noisy has the same
// values in planes of noisy_plane floats with rows of noisy_pitch floats, of which only the image is written.
template <class Images>
__device__ inline void gather(const BatchSource* source, const int* position, Images images, int count, int image_size,
                              int width, int channels, float* __restrict__ clean, float* __restrict__ noisy,
                              int noisy_plane, int noisy_pitch, float least, float greatest) {
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
    auto pixels = images.image(source, place, index, image_size);
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
            auto stored = pixels.at(value, row, column, channel);
            float scaled = stored / Images::Held::WHITE;
            clean[target * plane + pixel] = scaled;
            noisy[target * noisy_plane + row * noisy_pitch + column] =
                clipped(gaussian(scaled, source->mean, std, normal[i]), least, greatest);
        }
    }
}

#define GATHER_NOISE(NAME, HELD)                                                                              \
    extern "C" __global__ void NAME(const BatchSource* source, const int* position, int ring, int count,      \
                                    int image_size, int width, int channels, float* __restrict__ clean,       \
                                    float* __restrict__ noisy, int noisy_plane, int noisy_pitch, float least, \
                                    float greatest) {                                                         \
        gather(source, position, WholeImages<HELD>{ring}, count, image_size, width, channels, clean, noisy,   \
               noisy_plane, noisy_pitch, least, greatest);                                                    \
    }

GATHER_NOISE(gather_noise, Bits8)
GATHER_NOISE(gather_noise_16, Bits16)

#define GATHER_PATCHES(NAME, HELD)                                                                                   \
    extern "C" __global__ void NAME(const BatchSource* source, const int* position, const Patch* patches,            \
                                    int interleaved, int count, int image_size, int width, int channels,             \
                                    float* __restrict__ clean, float* __restrict__ noisy, int noisy_plane,           \
                                    int noisy_pitch, float least, float greatest) {                                  \
        gather(source, position, PatchImages<HELD>{patches, interleaved}, count, image_size, width, channels, clean, \
               noisy, noisy_plane, noisy_pitch, least, greatest);                                                    \
    }

GATHER_PATCHES(gather_patches, Bits8)
GATHER_PATCHES(gather_patches_16, Bits16)

// Gaussian noise for one channel, if the width and noisy_pitch are multiples of 4. A thread loads four pixels at once
// (not from a patch), and stores four values in 16 bytes.
template <class Images>
__device__ inline void gather_vector(const BatchSource* source, const int* position, Images images, int count,
                                     int image_size, int width, float* __restrict__ clean, float* __restrict__ noisy,
                                     int noisy_plane, int noisy_pitch, float least, float greatest) {
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
    int row = 4 * quad / width;
    int column = 4 * quad - row * width;
    auto pixels = images.image(source, place, index, image_size).four(4 * quad, row, column);
    constexpr float WHITE = Images::Held::WHITE;
    float4 scaled = make_float4(pixels.x / WHITE, pixels.y / WHITE, pixels.z / WHITE, pixels.w / WHITE);
    float mean = source->mean;
    // nvcc splits the assignment of a float4 into four stores; __stwb stays one.
    __stwb(reinterpret_cast<float4*>(clean + static_cast<long long>(image) * image_size + 4 * quad), scaled);
    __stwb(reinterpret_cast<float4*>(noisy + static_cast<long long>(image) * noisy_plane + row * noisy_pitch + column),
           make_float4(clipped(gaussian(scaled.x, mean, std, normal.x), least, greatest),
                       clipped(gaussian(scaled.y, mean, std, normal.y), least, greatest),
                       clipped(gaussian(scaled.z, mean, std, normal.z), least, greatest),
                       clipped(gaussian(scaled.w, mean, std, normal.w), least, greatest)));
}

#define GATHER_NOISE_VECTOR(NAME, HELD)                                                                               \
    extern "C" __global__ void NAME(const BatchSource* source, const int* position, int ring, int count,              \
                                    int image_size, int width, float* __restrict__ clean, float* __restrict__ noisy,  \
                                    int noisy_plane, int noisy_pitch, float least, float greatest) {                  \
        gather_vector(source, position, WholeImages<HELD>{ring}, count, image_size, width, clean, noisy, noisy_plane, \
                      noisy_pitch, least, greatest);                                                                  \
    }

GATHER_NOISE_VECTOR(gather_noise_vector, Bits8)
GATHER_NOISE_VECTOR(gather_noise_vector_16, Bits16)

#define GATHER_PATCHES_VECTOR(NAME, HELD)                                                                             \
    extern "C" __global__ void NAME(const BatchSource* source, const int* position, const Patch* patches,             \
                                    int interleaved, int count, int image_size, int width, float* __restrict__ clean, \
                                    float* __restrict__ noisy, int noisy_plane, int noisy_pitch, float least,         \
                                    float greatest) {                                                                 \
        gather_vector(source, position, PatchImages<HELD>{patches, interleaved}, count, image_size, width, clean,     \
                      noisy, noisy_plane, noisy_pitch, least, greatest);                                              \
    }

GATHER_PATCHES_VECTOR(gather_patches_vector, Bits8)
GATHER_PATCHES_VECTOR(gather_patches_vector_16, Bits16)

// The constants of daegpu.noise.Noise.Kind, in their order.
enum Kind { GAUSSIAN, UNIFORM, SALT_PEPPER, MASKING, SPECKLE, POISSON, POISSON_GAUSSIAN };

// Noise of any kind. Its level (a deviation, an amount or a peak) lies between source->lowest_std and highest_std, its
// gain, which Poisson-Gaussian noise has, between lowest_gain and highest_gain.
struct AnyKind {
    static constexpr int PHOTON_LEVELS = 17;
    static constexpr float SQRT_3 = 1.7320508f;

    int kind;
    const int* photons;  // daegpu.noise.PhotonTable from the level of the image on; indices in it count from `table`
    const int* table;
    float mean;
    float level;
    float gain;

    __device__ AnyKind(const BatchSource* source, unsigned long long subsequence, int kind, const int* table)
        : kind(kind),
          photons(table),
          table(table),
          mean(source->mean),
          level(source->lowest_std),
          gain(source->lowest_gain) {
        float lowest = source->lowest_std;
        float highest = source->highest_std;
        float gains = source->highest_gain - source->lowest_gain;
        if (lowest != highest || gains != 0.0f) {
            curandStatePhilox4_32_10_t state =
                philox(source->seed, PURPOSE_IMAGE + subsequence, source->image_offset / 4);
            float4 uniforms = curand_uniform4(&state);
            float uniform = uniforms.x;
            gain += gains * uniforms.y;
            if (kind == POISSON) {
                int step = min(static_cast<int>(uniform * PHOTON_LEVELS), PHOTON_LEVELS - 1);
                photons += 2 * 256 * step;
                // Not contracted to a fused multiply-add, so that the peak, and the quotient by it, have the same bits
                // as in the other engines.
                level = __fadd_rn(lowest, __fmul_rn(highest - lowest, step / (PHOTON_LEVELS - 1.0f)));
            } else {
                level = lowest + (highest - lowest) * uniform;
            }
        }
    }

    // Draws normals for Gaussian noise, speckle and Poisson-Gaussian noise. For the other kinds it draws integers,
    // whose bits are passed on as floats.
    __device__ float4 draw(curandStatePhilox4_32_10_t* state) const {
        if (kind == GAUSSIAN || kind == SPECKLE || kind == POISSON_GAUSSIAN) {
            return curand_normal4(state);
        }
        uint4 integers = curand4(state);
        return make_float4(__uint_as_float(integers.x), __uint_as_float(integers.y), __uint_as_float(integers.z),
                           __uint_as_float(integers.w));
    }

    __device__ float corrupt(int byte, float clean, float draw) const {
        if (kind == GAUSSIAN) {
            return gaussian(clean, mean, level, draw);
        }
        if (kind == SPECKLE) {
            return clean + (clean * mean + clean * level * draw);
        }
        if (kind == POISSON_GAUSSIAN) {
            return clean + sqrtf(fmaxf(gain * clean + level * level, 0.0f)) * draw;
        }
        unsigned int integer = __float_as_uint(draw);
        if (kind == POISSON) {
            return count(byte, integer) / level;
        }
        float uniform = _curand_uniform(integer);
        if (kind == UNIFORM) {
            return clean + (mean + level * (SQRT_3 * (2.0f * uniform - 1.0f)));
        }
        if (kind == MASKING) {
            return uniform <= level ? 0.0f : clean;
        }
        return uniform <= level / 2.0f ? 0.0f : uniform > 1.0f - level / 2.0f ? 1.0f : clean;
    }

    // The number of photons: those that are certain for this byte, and one more for each threshold at or below the
    // draw.
    __device__ int count(int byte, unsigned int draw) const {
        int first = photons[2 * byte];
        int low = first;
        int high = photons[2 * byte + 2];
        while (low < high) {
            int middle = (low + high) / 2;
            if (static_cast<unsigned int>(table[middle]) <= draw) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return photons[2 * byte + 1] + low - first;
    }
};

// Noise of any kind but Gaussian, for any size and number of channels. clean and noisy are as for gather_noise; kind is
// a Kind; photons is the table of Poisson noise, and null for other kinds.
template <class Images>
__device__ inline void gather_other(const BatchSource* source, const int* position, Images images, int count,
                                    int image_size, int width, int channels, float* __restrict__ clean,
                                    float* __restrict__ noisy, int noisy_plane, int noisy_pitch, float least,
                                    float greatest, int kind, const int* photons) {
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
    AnyKind noise(source, subsequence, kind, photons);
    curandStatePhilox4_32_10_t state = philox(source->seed, subsequence, source->pixel_offset / 4 + quad);
    float4 draws = noise.draw(&state);
    float draw[4] = {draws.x, draws.y, draws.z, draws.w};
    auto pixels = images.image(source, place, index, image_size);
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
            auto stored = pixels.at(value, row, column, channel);
            float scaled = stored / Images::Held::WHITE;
            clean[target * plane + pixel] = scaled;
            noisy[target * noisy_plane + row * noisy_pitch + column] =
                clipped(noise.corrupt(Images::Held::byte(stored), scaled, draw[i]), least, greatest);
        }
    }
}

#define GATHER_OTHER_NOISE(NAME, HELD)                                                                            \
    extern "C" __global__ void NAME(const BatchSource* source, const int* position, int ring, int count,          \
                                    int image_size, int width, int channels, float* __restrict__ clean,           \
                                    float* __restrict__ noisy, int noisy_plane, int noisy_pitch, float least,     \
                                    float greatest, int kind, const int* photons) {                               \
        gather_other(source, position, WholeImages<HELD>{ring}, count, image_size, width, channels, clean, noisy, \
                     noisy_plane, noisy_pitch, least, greatest, kind, photons);                                   \
    }

GATHER_OTHER_NOISE(gather_other_noise, Bits8)
GATHER_OTHER_NOISE(gather_other_noise_16, Bits16)

#define GATHER_OTHER_PATCHES(NAME, HELD)                                                                            \
    extern "C" __global__ void NAME(const BatchSource* source, const int* position, const Patch* patches,           \
                                    int interleaved, int count, int image_size, int width, int channels,            \
                                    float* __restrict__ clean, float* __restrict__ noisy, int noisy_plane,          \
                                    int noisy_pitch, float least, float greatest, int kind, const int* photons) {   \
        gather_other(source, position, PatchImages<HELD>{patches, interleaved}, count, image_size, width, channels, \
                     clean, noisy, noisy_plane, noisy_pitch, least, greatest, kind, photons);                       \
    }

GATHER_OTHER_PATCHES(gather_other_patches, Bits8)
GATHER_OTHER_PATCHES(gather_other_patches_16, Bits16)

// The pixels that a network does not see (daegpu.noise.BlindSpots, which describes them).
struct BlindSpots {
    int cells_down;  // 0 if there are none
    int cells_across;
    int structure_height;
    int structure_width;
    float weight;  // of a value of a spot in the loss
};

// A spot, and the neighbour that stands in for it.
struct Spot {
    int row;
    int column;
    int from_row;
    int from_column;
};

__device__ inline int place_in_cell(int cell, int cells, int side, unsigned int draw) {
    int first = static_cast<int>(static_cast<long long>(cell) * side / cells);
    int end = static_cast<int>(static_cast<long long>(cell + 1) * side / cells);
    return first + one_of(end - first, draw);
}

__device__ inline Spot spot_of(const BlindSpots& spots, const BatchSource* source, unsigned long long subsequence,
                               int cell_row, int cell_column, int height, int width) {
    constexpr int RADIUS = 5;
    long long cells = static_cast<long long>(spots.cells_down) * spots.cells_across;
    curandStatePhilox4_32_10_t state =
        philox(source->seed, PURPOSE_BLIND_SPOTS + subsequence,
               source->image_offset / 4 * cells + cell_row * spots.cells_across + cell_column);
    uint4 draws = curand4(&state);
    int row = place_in_cell(cell_row, spots.cells_down, height, draws.x);
    int column = place_in_cell(cell_column, spots.cells_across, width, draws.y);
    int radius_down = max(RADIUS, spots.structure_height);
    int radius_across = max(RADIUS, spots.structure_width);
    int top = max(0, row - radius_down);
    int bottom = min(height, row + radius_down + 1);
    int left = max(0, column - radius_across);
    int right = min(width, column + radius_across + 1);
    // Among these, the pixels that do not stand in.
    int inner_top = max(0, row - spots.structure_height + 1);
    int inner_bottom = min(height, row + spots.structure_height);
    int inner_left = max(0, column - spots.structure_width + 1);
    int inner_across = min(width, column + spots.structure_width) - inner_left;
    int across = right - left;
    int above = (inner_top - top) * across;
    int beside_across = across - inner_across;
    int beside = (inner_bottom - inner_top) * beside_across;
    int all = above + beside + (bottom - inner_bottom) * across;
    if (all == 0) {
        return {row, column, row, column};
    }
    int number = one_of(all, draws.z);
    if (number < above) {
        return {row, column, top + number / across, left + number % across};
    }
    number -= above;
    if (number < beside) {
        int place = left + number % beside_across;
        return {row, column, inner_top + number / beside_across, place < inner_left ? place : place + inner_across};
    }
    number -= beside;
    return {row, column, inner_bottom + number / across, left + number % across};
}

// The cell in which a row or column lies.
__device__ inline int cell_of(int place, int cells, int side) {
    return static_cast<int>((static_cast<long long>(place + 1) * cells - 1) / side);
}

// Which pixel goes in in place of one: itself, or the one that stands in for it. `is_spot` says whether it is a spot.
__device__ inline int2 shown_pixel(const BlindSpots& spots, const BatchSource* source, unsigned long long subsequence,
                                   int row, int column, int height, int width, bool& is_spot) {
    int2 shown = make_int2(row, column);
    is_spot = false;
    if (spots.cells_down == 0) {
        return shown;
    }
    int half_height = spots.structure_height / 2;
    int half_width = spots.structure_width / 2;
    int last_row = cell_of(min(row + half_height, height - 1), spots.cells_down, height);
    int first_column = cell_of(max(column - half_width, 0), spots.cells_across, width);
    int last_column = cell_of(min(column + half_width, width - 1), spots.cells_across, width);
    bool is_replaced = false;
    for (int i = cell_of(max(row - half_height, 0), spots.cells_down, height); i <= last_row; i++) {
        for (int j = first_column; j <= last_column; j++) {
            Spot spot = spot_of(spots, source, subsequence, i, j, height, width);
            int down = row - spot.row;
            int across = column - spot.column;
            if (down == 0 && across == 0) {
                is_spot = true;
                return make_int2(spot.from_row, spot.from_column);
            }
            if (!is_replaced && abs(down) <= half_height && abs(across) <= half_width) {
                int from_row = spot.from_row + down;
                int from_column = spot.from_column + across;
                bool is_inside = from_row >= 0 && from_row < height && from_column >= 0 && from_column < width;
                shown = is_inside ? make_int2(from_row, from_column) : make_int2(spot.from_row, spot.from_column);
                is_replaced = true;
            }
        }
    }
    return shown;
}

// An image in memory: the value of a channel of a pixel is at first + row * row_step + column * column_step + channel.
template <class Value>
struct CutImage {
    const Value* first;
    int row_step;
    int column_step;

    __device__ Value at(int row, int column, int channel) const {
        return first[row * row_step + column * column_step + channel];
    }
};

template <class Value>
__device__ inline CutImage<Value> cut_image(const BatchSource* source, const Patch* cuts, int index) {
    int4 words = *reinterpret_cast<const int4*>(cuts + index);
    long long first = static_cast<long long>(words.y) << 32 | static_cast<unsigned int>(words.x);
    return {reinterpret_cast<const Value*>(source->images) + first, words.z, words.w};
}

// Pairs and blind spots: an image that should come out, and another, or the same with blind spots, that goes in.
// `targets` and `inputs` say where both are, by the index of the image. If these are null, the images are in a ring, in
// which an image that goes in comes after the one that should come out; or, if `inputs_apart` is 0, there is only that
// one. If `planar` is 0, the batch has the channels of a pixel side by side. mask has the layout of clean, and receives
// the weight of each value in the loss; it is null if all values count alike. There are either blind spots or noise.
//
// A thread draws for four values side by side, as everywhere. The threads of a warp then exchange what they drew, so
// that each time they make 32 values side by side, and loads and stores are of whole sectors. All threads of a warp
// take part.
template <class Held>
__device__ inline void gather_any(const BatchSource* source, const int* position, int ring, const Patch* targets,
                                  const Patch* inputs, int inputs_apart, int count, int height, int width, int channels,
                                  int planar, float* __restrict__ clean, float* __restrict__ noisy, int noisy_plane,
                                  int noisy_pitch, float least, float greatest, int kind, const int* photons,
                                  const BlindSpots& spots, float* __restrict__ mask) {
    using Value = typename Held::Value;
    constexpr unsigned int ALL = 0xffffffffu;
    int image_size = height * width * channels;
    int quads = (image_size + 3) / 4;
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    int lane = threadIdx.x % 32;
    bool draws_noise =
        spots.cells_down == 0 && !(kind == GAUSSIAN && source->mean == 0.0f && source->highest_std == 0.0f);
    float4 draws = {};
    if (draws_noise && thread < count * quads) {
        int place = *position + thread / quads;
        int index = source->order == nullptr ? place : source->order[place];
        unsigned long long subsequence = source->base + index;
        curandStatePhilox4_32_10_t state = philox(source->seed, subsequence, source->pixel_offset / 4 + thread % quads);
        draws = AnyKind(source, subsequence, kind, photons).draw(&state);
    }
#pragma unroll 1  // or the code would be four times as long
    for (int i = 0; i < 4; i++) {
        // The group of four values in which this thread makes one, of those of the warp.
        int drawing = 8 * i + lane / 4;
        float draw = 0.0f;
        if (draws_noise) {
            float4 drawn = make_float4(__shfl_sync(ALL, draws.x, drawing), __shfl_sync(ALL, draws.y, drawing),
                                       __shfl_sync(ALL, draws.z, drawing), __shfl_sync(ALL, draws.w, drawing));
            draw = lane % 4 == 0 ? drawn.x : lane % 4 == 1 ? drawn.y : lane % 4 == 2 ? drawn.z : drawn.w;
        }
        int group = thread - lane + drawing;
        int image = group / quads;
        int value = 4 * (group - image * quads) + lane % 4;
        if (image >= count || value >= image_size) {
            continue;
        }
        int place = *position + image;
        int index = source->order == nullptr ? place : source->order[place];
        unsigned long long subsequence = source->base + index;
        CutImage<Value> target;
        CutImage<Value> input;
        if (targets == nullptr) {
            long long apart = inputs_apart == 0 ? 0 : image_size;
            target = {reinterpret_cast<const Value*>(source->images) + (place % ring) * (image_size + apart),
                      width * channels, channels};
            input = {target.first + apart, target.row_step, target.column_step};
        } else {
            target = cut_image<Value>(source, targets, index);
            input = cut_image<Value>(source, inputs, index);
        }
        int pixel = value / channels;
        int channel = value - pixel * channels;
        int row = pixel / width;
        int column = pixel - row * width;
        bool is_spot;
        int2 shown = shown_pixel(spots, source, subsequence, row, column, height, width, is_spot);
        Value stored = input.at(shown.x, shown.y, channel);
        float corrupted = stored / Held::WHITE;
        if (draws_noise) {
            AnyKind noise(source, subsequence, kind, photons);
            corrupted = noise.corrupt(Held::byte(stored), corrupted, draw);
        }
        corrupted = clipped(corrupted, least, greatest);
        long long plane = static_cast<long long>(image) * channels + channel;
        long long to = planar ? plane * (height * width) + pixel : static_cast<long long>(image) * image_size + value;
        clean[to] = target.at(row, column, channel) / Held::WHITE;
        noisy[planar ? plane * noisy_plane + row * noisy_pitch + column : to] = corrupted;
        if (mask != nullptr) {
            mask[to] = is_spot ? spots.weight : 0.0f;
        }
    }
}

#define GATHER_ANY(NAME, HELD)                                                                                         \
    extern "C" __global__ void NAME(const BatchSource* source, const int* position, int ring, const Patch* targets,    \
                                    const Patch* inputs, int inputs_apart, int count, int height, int width,           \
                                    int channels, int planar, float* __restrict__ clean, float* __restrict__ noisy,    \
                                    int noisy_plane, int noisy_pitch, float least, float greatest, int kind,           \
                                    const int* photons, int cells_down, int cells_across, int structure_height,        \
                                    int structure_width, float weight, float* __restrict__ mask) {                     \
        BlindSpots spots{cells_down, cells_across, structure_height, structure_width, weight};                         \
        gather_any<HELD>(source, position, ring, targets, inputs, inputs_apart, count, height, width, channels,        \
                         planar, clean, noisy, noisy_plane, noisy_pitch, least, greatest, kind, photons, spots, mask); \
    }

GATHER_ANY(gather_pairs, Bits8)
GATHER_ANY(gather_pairs_16, Bits16)
