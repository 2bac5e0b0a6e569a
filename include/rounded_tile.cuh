#pragma once

#include "tensor_core.cuh"
#include "tile.cuh"

// Pieces of images and of weights in shared memory that are rounded on their way there, to TF32 (4 bytes a value) or
// bf16 (2 bytes). A block rounds each value once, whereas the kernels of include/tensor_core_gemm.cuh round it each
// time that they load a fragment. A row of such a piece is 32 channels of one pixel of an image, or of one column of
// the weights.

constexpr int ROW_CHANNELS = 32;
constexpr int ROW_FOURS = ROW_CHANNELS / 4;
constexpr int ROWS_AT_ONCE = SUM_THREADS / ROW_FOURS;  // rows that a block copies at once

// The layout of such rows. ldmatrix reads 16 bytes of each of eight neighbouring rows: a gap of 16 bytes after each row
// puts them in different banks. With TURNED there is no gap; instead, the groups of four values within a row are
// permuted by an exclusive or with the number of the row, so that single values of four neighbouring rows lie in
// different banks.
template <Multiplicand TYPE, bool TURNED = false>
struct RoundedRows {
    static constexpr int BYTES = TYPE == TF32 ? 4 : 2;
    static constexpr int PITCH = ROW_CHANNELS * BYTES + (TURNED ? 0 : 16);
    static constexpr int STEPS = ROW_CHANNELS * BYTES / 32;  // instructions mma.sync along a row
    static_assert(!TURNED || TYPE == TF32, "bf16 is taken by ldmatrix alone");

    // The first row that this thread copies; four() is its group of four values in each row. In bf16 one access to
    // shared memory stores two rows: these are 4 rows apart, and thus in different banks.
    __device__ static int row() {
        int row = threadIdx.x / ROW_FOURS;
        return TYPE == TF32 ? row : row % 2 * 4 + row / 2 % 4 + row / 8 * 8;
    }
    __device__ static int four() { return threadIdx.x % ROW_FOURS; }

    // The offset in bytes of group `four` of row `row`.
    __device__ static constexpr int place(int row, int four) {
        return row * PITCH + (TURNED ? four ^ row % 4 * 2 : four) * 4 * BYTES;
    }

    // Rounds four values and stores them OFFSET bytes after `to`.
    template <int OFFSET>
    __device__ static void store(unsigned to, const float4& four) {
        if (TYPE == TF32) {
            asm volatile("st.shared.v4.b32 [%0+%5], {%1, %2, %3, %4};" ::"r"(to), "r"(to_tf32(four.x)),
                         "r"(to_tf32(four.y)), "r"(to_tf32(four.z)), "r"(to_tf32(four.w)), "n"(OFFSET)
                         : "memory");
        } else {
            asm volatile("st.shared.v2.b32 [%0+%3], {%1, %2};" ::"r"(to), "r"(to_bf16(four.x, four.y)),
                         "r"(to_bf16(four.z, four.w)), "n"(OFFSET)
                         : "memory");
        }
    }
};

// A tile of HEIGHT rows of WIDTH pixels of an image. Only the first GATHERED pixels of a row are loaded; the others,
// and pixels outside the image, are zero.
template <typename Rows, int HEIGHT, int WIDTH, int GATHERED = WIDTH>
struct RoundedTile {
    static constexpr int PIXELS = HEIGHT * WIDTH;
    static constexpr int LOADS = (PIXELS + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    static constexpr int BYTES = PIXELS * Rows::PITCH;

    int start[LOADS];  // index of the first float that the thread loads of each of its rows, or -1 for zeros

    // Finds what this thread loads: the tile begins at pixel (top, left) and at channel `channel`.
    __device__ void find(int image, int height, int width, int channels, int top, int left, int channel) {
        int c = channel + Rows::four() * 4;
#pragma unroll
        for (int r = 0; r < LOADS; r++) {
            int pixel = Rows::row() + r * ROWS_AT_ONCE;
            int y = top + pixel / WIDTH;
            int x = left + pixel % WIDTH;
            bool inside = static_cast<unsigned>(y) < static_cast<unsigned>(height)
                          && static_cast<unsigned>(x) < static_cast<unsigned>(width) && c < channels
                          && (GATHERED == WIDTH || pixel % WIDTH < GATHERED)
                          && (PIXELS % ROWS_AT_ONCE == 0 || pixel < PIXELS);
            start[r] = inside ? ((image * height + y) * width + x) * channels + c : -1;
        }
    }

    // Copies the tile, with all channels moved by `further`, to `tile` in shared memory. Calls see() with each group of
    // four values as they were before rounding.
    template <typename See>
    __device__ void copy(const float* images, int further, unsigned tile, const See& see) const {
        constexpr int AT_ONCE = 6;  // loads that are on their way together, each to registers
        unsigned to = tile + Rows::place(Rows::row(), Rows::four());
        unrolled<(LOADS + AT_ONCE - 1) / AT_ONCE>([&](auto part) {
            float4 values[AT_ONCE];
            unrolled<AT_ONCE>([&](auto i) {
                constexpr int R = part.value * AT_ONCE + i.value;
                values[i.value] = make_float4(0, 0, 0, 0);
                if (R < LOADS && start[R % LOADS] >= 0) {
                    values[i.value] = *reinterpret_cast<const float4*>(images + start[R % LOADS] + further);
                }
            });
            unrolled<AT_ONCE>([&](auto i) {
                constexpr int R = part.value * AT_ONCE + i.value;
                constexpr int FIRST = R * ROWS_AT_ONCE;
                if (FIRST + ROWS_AT_ONCE <= PIXELS || (FIRST < PIXELS && FIRST + Rows::row() < PIXELS)) {
                    Rows::template store<FIRST * Rows::PITCH>(to, values[i.value]);
                }
                if (R < LOADS) {
                    see(values[i.value]);
                }
            });
        });
    }

    __device__ void copy(const float* images, int further, unsigned tile) const {
        copy(images, further, tile, [](const float4&) {});
    }
};

// ldmatrix: loads four matrices of eight rows of 16 bytes. Each thread gives the address of one row, to which OFFSET is
// added.
template <int OFFSET>
__device__ inline void load_matrices(unsigned (&matrices)[4], unsigned address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4+%5];"
                 : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
                 : "r"(address), "n"(OFFSET)
                 : "memory");
}

// The same for four matrices or two, each transposed as 8 by 8 values of 2 bytes.
template <int OFFSET>
__device__ inline void load_transposed(unsigned (&matrices)[4], unsigned address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4+%5];"
                 : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
                 : "r"(address), "n"(OFFSET)
                 : "memory");
}

template <int OFFSET>
__device__ inline void load_transposed(unsigned (&matrices)[2], unsigned address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2+%3];"
                 : "=r"(matrices[0]), "=r"(matrices[1])
                 : "r"(address), "n"(OFFSET)
                 : "memory");
}
