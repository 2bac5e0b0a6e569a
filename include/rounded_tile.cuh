#pragma once

#include "tensor_core.cuh"
#include "tile.cuh"

// Pieces of images and of weights in shared memory that were rounded on their way there: once for each value and block,
// where include/tensor_core.cuh rounds each fragment. In TF32 a value has 4 bytes there, in bf16 2. A row is 32
// channels of a pixel, or of a column.

constexpr int ROW_CHANNELS = 32;
constexpr int ROW_FOURS = ROW_CHANNELS / 4;
constexpr int ROWS_AT_ONCE = SUM_THREADS / ROW_FOURS;  // that a block copies

// TURNED: the fours of a row are turned by the row in place of a gap after it, so that single values of four
// neighbouring rows lie in different banks; else fragments of eight neighbouring rows do.
template <Multiplicand TYPE, bool TURNED = false>
struct RoundedRows {
    static constexpr int BYTES = TYPE == TF32 ? 4 : 2;
    static constexpr int PITCH = ROW_CHANNELS * BYTES + (TURNED ? 0 : 16);
    static constexpr int STEPS = ROW_CHANNELS * BYTES / 32;  // of mma.sync along a row
    static_assert(!TURNED || TYPE == TF32, "bf16 is taken by ldmatrix alone");

    // The first row that this thread copies, and the four of it. In bf16, where two rows are stored at once, those are
    // 4 apart, which are in different banks.
    __device__ static int row() {
        int row = threadIdx.x / ROW_FOURS;
        return TYPE == TF32 ? row : row % 2 * 4 + row / 2 % 4 + row / 8 * 8;
    }
    __device__ static int four() { return threadIdx.x % ROW_FOURS; }

    // Bytes to four number `four` of row number `row`.
    __device__ static constexpr int place(int row, int four) {
        return row * PITCH + (TURNED ? four ^ row % 4 * 2 : four) * 4 * BYTES;
    }

    // Rounds and stores four values, OFFSET bytes from `to`.
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

// HEIGHT rows of WIDTH pixels of an image, of which the first GATHERED of a row are taken, zeros where the image ends.
template <typename Rows, int HEIGHT, int WIDTH, int GATHERED = WIDTH>
struct RoundedTile {
    static constexpr int PIXELS = HEIGHT * WIDTH;
    static constexpr int LOADS = (PIXELS + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    static constexpr int BYTES = PIXELS * Rows::PITCH;

    int start[LOADS];  // float of the thread's four of the first channels, or -1 outside

    // Pixels from (top, left) on, channels from `channel` on.
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

    // Copies the pixels, `further` channels on, to `tile` in shared memory, and hands the fours to `see`, too.
    template <typename See>
    __device__ void copy(const float* images, int further, unsigned tile, const See& see) const {
        constexpr int AT_ONCE = 6;  // in registers
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

// Four matrices of eight rows of 16 bytes, each thread a row, at OFFSET bytes from `address`.
template <int OFFSET>
__device__ inline void load_matrices(unsigned (&matrices)[4], unsigned address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4+%5];"
                 : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
                 : "r"(address), "n"(OFFSET)
                 : "memory");
}

// The same, four or two, with rows and columns of values of 2 bytes exchanged.
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
