#pragma once

#include "tensor_core_epilogue.cuh"

// The product of include/implicit_gemm.cuh by tensor cores, with the same shapes and grid, and the epilogues LINEAR,
// RELU and RELU_GRADIENT, for channels and columns that are multiples of 8. A block computes tiles of BM rows by BN
// columns, each of its four warps 32 by 32 of them. Shared memory has two buffers for a tile of each operand: while one
// is multiplied, cp.async copies the next to the other. A value outside an image is a copy of no bytes, which leaves
// zeros. In each turn a thread waits for its own copies; after the barrier that follows, those of all threads can be
// read, and no thread reads the other buffer any more, so that the next copies can start.
//
// WHOLE: kernels are 3x3 and channels are a multiple of DEPTH. A tile then lies within one tap, and it is found only
// once for each row which taps are outside the image.
template <bool TRANSPOSED, Multiplicand TYPE, bool WHOLE, int BM, int BN>
struct TensorCoreGemm {
    static constexpr int THREADS = SUM_THREADS;
    static constexpr int WARPS_ACROSS = BN / WARP_COLUMNS;
    static constexpr int WARPS_DOWN = BM / WARP_ROWS;
    static_assert(WARPS_ACROSS * WARPS_DOWN * 32 == THREADS, "each warp makes one part of the tile");
    static constexpr int ROW_STEP =
        THREADS / FOURS;  // rows from one copy of a thread to the next, if rows lie along the depth
    static constexpr int A_COPIES = BM / ROW_STEP;
    static constexpr int B_FOURS = TRANSPOSED ? FOURS : BN / 4;
    static constexpr int B_STEP = THREADS / B_FOURS;
    static constexpr int B_COPIES = BN * FOURS / THREADS;
    static constexpr int A_BYTES = BM * DEPTH * 4;
    static constexpr int B_BYTES = BN * DEPTH * 4;
    static constexpr int SHARED = 2 * (BM + BN) * DEPTH;  // floats

    const GemmShape& shape;
    const GemmOperands& operands;
    const Place& block;
    const Taps<TRANSPOSED> taps;
    const int depth;
    const int column;  // first column of the tile
    const int warp_row;
    const int warp_column;
    unsigned a_to;  // where the thread's first copies go, in the first of the two buffers
    unsigned b_to;
    Row rows[A_COPIES];
    int b_bytes[B_COPIES];  // 16, or 0 where there is no such column
    // The following are for WHOLE. Of each row: the address of its pixel, and which taps of it are inside the image:
    // bit 4 + t for tap t, so that a shift by t gives 16, the bytes to copy, or 0.
    const char* pixels[A_COPIES];
    int inside_taps[A_COPIES];
    const char* weights;    // of the thread's first copy, at tap and channel 0
    long long weight_step;  // bytes to the next copy
    // The first tap of the phase is at (first_dy, first_dx) from the pixel of a row, and each next one SIGN further.
    static constexpr int SIGN = TRANSPOSED ? -1 : 1;
    int first_dy, first_dx;
    int tap, tap_x, channel;
    // Bytes from `pixels` and `weights` to the tile that is copied next; and what they grow by: with the channel, and
    // after the last channel to the next tap in a row of taps, or to the next row of taps.
    long long a_at, a_next_tap, a_next_row;
    long long b_at, b_next_channel, b_next_tap, b_next_row;

    __device__ TensorCoreGemm(const GemmShape& s, const GemmOperands& o, const Place& p, int phase, float* as,
                              float* bs)
        : shape(s),
          operands(o),
          block(p),
          taps(s, WHOLE ? 3 : s.kernel, phase),
          depth(taps.count() * s.channels),
          column(p.y * BN),
          warp_row(threadIdx.x / 32 / WARPS_ACROSS * WARP_ROWS),
          warp_column(threadIdx.x / 32 % WARPS_ACROSS * WARP_COLUMNS) {
        a_to = shared_address(as) + across(threadIdx.x / FOURS, threadIdx.x % FOURS);
        int k = threadIdx.x / B_FOURS;
        int n = threadIdx.x % B_FOURS * 4;
        b_to = shared_address(bs) + (TRANSPOSED ? across(k, n / 4) : down(k, n, BN) * 4);
#pragma unroll
        for (int r = 0; r < B_COPIES; r++) {
            b_bytes[r] = column + (TRANSPOSED ? k + r * B_STEP : n) < shape.columns ? 16 : 0;
        }
        if (WHOLE) {
            int in_kernel, channels = shape.channels, columns = shape.columns;
            taps.place(0, first_dy, first_dx, in_kernel);
            weights = reinterpret_cast<const char*>(
                operands.weights + (TRANSPOSED ? (column + k) * channels + n : k * columns + column + n));
            weight_step = bytes_of(B_STEP * (TRANSPOSED ? channels : columns));
            a_next_tap = bytes_of((SIGN - 1) * channels);
            a_next_row = bytes_of((SIGN * (shape.width - taps.across + 1) - 1) * channels);
            b_next_channel = bytes_of(DEPTH * (TRANSPOSED ? 1 : columns));
            b_next_tap = TRANSPOSED ? bytes_of((taps.stride * columns - 1) * channels) : 0;
            b_next_row = TRANSPOSED ? bytes_of(((4 - taps.across) * taps.stride * columns - 1) * channels) : 0;
            keep(weight_step);
            keep(a_next_tap);
            keep(a_next_row);
            keep(b_next_channel);
            if (TRANSPOSED) {
                keep(b_next_tap);
                keep(b_next_row);
            }
        }
        keep(a_to);
        keep(b_to);
    }

    __device__ bool inside(const Row& row, int dy, int dx) const {
        return static_cast<unsigned>(row.y + dy) < static_cast<unsigned>(shape.height)
               && static_cast<unsigned>(row.x + dx) < static_cast<unsigned>(shape.width);
    }

    __device__ void find_rows(int row) {
#pragma unroll
        for (int r = 0; r < A_COPIES; r++) {
            rows[r] = locate<TRANSPOSED>(shape, shape.channels, row + threadIdx.x / FOURS + r * ROW_STEP);
            if (WHOLE) {
                pixels[r] = reinterpret_cast<const char*>(operands.input + rows[r].start + threadIdx.x % FOURS * 4);
                keep(pixels[r]);
                int in_row = 0;
                for (int x = 0; x < taps.across; x++) {
                    int at = rows[r].x + first_dx + SIGN * x;
                    in_row |= (static_cast<unsigned>(at) < static_cast<unsigned>(shape.width)) << x;
                }
                inside_taps[r] = 0;
                for (int y = 0; y < taps.down; y++) {
                    int at = rows[r].y + first_dy + SIGN * y;
                    if (static_cast<unsigned>(at) < static_cast<unsigned>(shape.height)) {
                        inside_taps[r] |= in_row << (4 + y * taps.across);
                    }
                }
                keep(inside_taps[r]);
            }
        }
    }

    // Goes to tile number `first` along the depth, with WHOLE.
    __device__ void seek(int first) {
        int tiles = shape.channels / DEPTH;
        tap = first / tiles;
        int tap_y = tap / taps.across;
        tap_x = tap - tap_y * taps.across;
        channel = (first - tap * tiles) * DEPTH;
        int step = TRANSPOSED ? taps.stride : 1;
        int in_kernel = (taps.first_y + tap_y * step) * 3 + taps.first_x + tap_x * step;
        a_at = bytes_of(((first_dy + SIGN * tap_y) * shape.width + first_dx + SIGN * tap_x) * shape.channels + channel);
        b_at = bytes_of(TRANSPOSED ? in_kernel * shape.columns * shape.channels + channel
                                   : (in_kernel * shape.channels + channel) * shape.columns);
    }

    __device__ void copy_whole(int slot) {
        unrolled<A_COPIES>([&](auto r) {
            copy_16<r.value * ROW_STEP * DEPTH * 4>(a_to + slot * A_BYTES, pixels[r.value] + a_at,
                                                    inside_taps[r.value] >> tap & 16);
        });
        const char* from = weights + b_at;
        unrolled<B_COPIES>([&](auto r) {
            copy_16<(r.value * B_STEP * (TRANSPOSED ? DEPTH : BN) * 4)>(b_to + slot * B_BYTES, from, b_bytes[r.value]);
            from += weight_step;
        });
        a_at += DEPTH * 4;
        b_at += b_next_channel;
        channel += DEPTH;
        if (channel == shape.channels) {
            channel = 0;
            tap++;
            tap_x++;
            bool is_new_row = tap_x == taps.across;
            a_at += is_new_row ? a_next_row : a_next_tap;
            b_at += is_new_row ? b_next_row : b_next_tap;
            tap_x = is_new_row ? 0 : tap_x;
        }
    }

    __device__ void copy_any(int first, int slot) {
        int k = first + threadIdx.x % FOURS * 4;
        int dy = OUTSIDE, dx = OUTSIDE, in_kernel = 0, in_tap = 0;
        if (k < depth) {
            int which = shape.by_channels.quotient(k);
            in_tap = k - which * shape.channels;
            taps.place(which, dy, dx, in_kernel);
        }
        int offset = (dy * shape.width + dx) * shape.channels + in_tap;
        unrolled<A_COPIES>([&](auto r) {
            bool is = k < depth && inside(rows[r.value], dy, dx);
            copy_16<r.value * ROW_STEP * DEPTH * 4>(
                a_to + slot * A_BYTES, operands.input + (is ? rows[r.value].start + offset : 0), is ? 16 : 0);
        });
        unrolled<B_COPIES>([&](auto r) {
            int deep = TRANSPOSED ? k : first + threadIdx.x / B_FOURS + r.value * B_STEP;
            int n = column + (TRANSPOSED ? threadIdx.x / FOURS + r.value * B_STEP : threadIdx.x % B_FOURS * 4);
            int at = TRANSPOSED ? (in_kernel * shape.columns + n) * shape.channels + in_tap : deep * shape.columns + n;
            bool is = deep < depth && n < shape.columns;
            copy_16<(r.value * B_STEP * (TRANSPOSED ? DEPTH : BN) * 4)>(b_to + slot * B_BYTES,
                                                                        operands.weights + (is ? at : 0), is ? 16 : 0);
        });
    }

    __device__ void copy(int tile, int slot) {
        if (WHOLE) {
            copy_whole(slot);
        } else {
            copy_any(tile * DEPTH, slot);
        }
        commit_copies();
    }

    template <int HALF>
    __device__ void multiply_half(Accumulators& sums, unsigned a, unsigned b, const Runs<BN>& runs, int tile) const {
        Operands o;
        load_a_across<HALF>(o, a);
        if (TRANSPOSED) {
            load_b_across<HALF>(o, b);
        } else {
            load_b_down<HALF>(o, runs, tile);
        }
        multiply_add<TYPE>(sums, o);
    }

    // Computes the products of tile `tile` over part `split` of the depth. as and bs have two buffers each.
    __device__ void product(int tile, int split, const float* as, const float* bs, Accumulators& sums) {
        sums.clear();
        int tiles = (depth + DEPTH - 1) / DEPTH;
        int first = tiles * split / shape.splits;
        int end = tiles * (split + 1) / shape.splits;
        find_rows(tile * BM);
        if (first < end) {
            if (WHOLE) {
                seek(first);
            }
            copy(first, 0);
        }
        unsigned a_from = a_across(shared_address(as), warp_row);
        unsigned b_from = b_across(shared_address(bs), warp_column);
        Runs<BN> runs(shared_address(bs), warp_column);
        keep(a_from);
        keep(b_from);
        for (int k = first; k < end; k++) {
            int now = (k - first) & 1;
            wait_for_copies();
            __syncthreads();
            if (k + 1 < end) {
                copy(k + 1, now ^ 1);
            }
            multiply_half<0>(sums, a_from + now * A_BYTES, b_from + now * B_BYTES, runs, now * B_BYTES);
            multiply_half<1>(sums, a_from + now * A_BYTES, b_from + now * B_BYTES, runs, now * B_BYTES);
        }
        __syncthreads();
    }

    // Stores the part of a split tile that this block computed. The last block of the tile to come here adds all parts,
    // always in the order of the depth, and returns true.
    __device__ bool add_splits(int tile, int phase, int split, Accumulators& sums) const {
        int tiles = (shape.rows + BM - 1) / BM;
        int place = (phase * block.down + block.y) * tiles + tile;
        float* mine = operands.partials + static_cast<long long>(place) * shape.splits * BM * BN + threadIdx.x;
#pragma unroll
        for (int e = 0; e < 32; e++) {
            __stcg(mine + split * BM * BN + e * THREADS, sums.tile[e / 16][e / 4 % 4][e % 4]);
        }
        if (!last_of_all(operands.tickets + place, shape.splits)) {
            return false;
        }
#pragma unroll
        for (int e = 0; e < 32; e++) {
            float sum = 0;
            for (int other = 0; other < shape.splits; other++) {
                sum += __ldcg(mine + other * BM * BN + e * THREADS);
            }
            sums.tile[e / 16][e / 4 % 4][e % 4] = sum;
        }
        return true;
    }

    // Finishes and stores this thread's part of a tile.
    __device__ void finish(int tile, Accumulators& sums, float (&of_columns)[4][2]) const {
        int n = column + warp_column + lane_within() * 2;
        bool adds = shape.accumulates || operands.added != nullptr;
        bool has_sums = operands.sums != nullptr;
        float2 bias[4];
        load_bias(shape, operands, n, bias);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int row = tile * BM + warp_row + 8 * i + lane_group();
            if (row < shape.rows) {
                long long at = static_cast<long long>(taps.output_pixel(shape, row)) * shape.columns + n;
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    if (n + 8 * j < shape.columns) {
                        const float(&products)[4] = sums.tile[i / 2][j];
                        finish_pair(shape, operands, adds, has_sums, at + 8 * j, products[i % 2 * 2] + bias[j].x,
                                    products[i % 2 * 2 + 1] + bias[j].y, of_columns[j]);
                    }
                }
            }
        }
    }

    // Does all the work of a block; `shared` has SHARED floats, and begins at a multiple of 128 bytes.
    __device__ __forceinline__ static void run(const GemmShape& shape, const GemmOperands& operands, const Place& block,
                                               float* shared) {
        float* as = shared;
        float* bs = shared + 2 * BM * DEPTH;
        int phase = block.z / shape.splits;
        int split = block.z - phase * shape.splits;
        TensorCoreGemm gemm(shape, operands, block, phase, as, bs);
        float of_columns[4][2] = {};
        for (int tile = block.x; tile * BM < shape.rows; tile += block.across) {
            Accumulators sums;
            gemm.product(tile, split, as, bs, sums);
            if (shape.splits == 1 || gemm.add_splits(tile, phase, split, sums)) {
                gemm.finish(tile, sums, of_columns);
            }
        }
        if (operands.sums != nullptr) {
            leave_pair_sums<WARPS_DOWN, BN>(shape, operands, block, phase, gemm.warp_row / WARP_ROWS, gemm.warp_column,
                                            as, of_columns);
        }
    }
};
