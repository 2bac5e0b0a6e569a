// Compares cuBLAS and cuDNN with sums that are computed here in double precision.
#include <cmath>
#include <cstring>

#include "check.h"

namespace {

std::vector<float> numbers(size_t count, unsigned seed) {
    std::vector<float> values(count);
    for (float& value : values) {
        seed = seed * 1664525 + 1013904223;
        value = static_cast<float>(seed >> 8) / 16777216.0f - 0.5f;
    }
    return values;
}

bool isClose(const std::vector<double>& expected, const std::vector<float>& actual, double tolerance,
             bool isExpected = true) {
    for (size_t i = 0; i < expected.size(); i++) {
        if (!(std::fabs(expected[i] - static_cast<double>(actual[i])) <= tolerance)) {
            if (isExpected) {
                std::printf("element %zu is %g and not %g\n", i, static_cast<double>(actual[i]), expected[i]);
            }
            return false;
        }
    }
    return true;
}

}  // namespace

TEST(matrixProducts) {
    check::Context context;
    Handle blas = nullptr;
    REQUIRE_EQUAL(0, cublasCreate_v2(&blas));
    constexpr int M = 5, N = 3, K = 7, LDA = 9, LDB = 8, LDC = 6;
    for (int transposed = 0; transposed < 4; transposed++) {
        bool isATransposed = transposed & 1;
        bool isBTransposed = transposed & 2;
        std::vector<float> a = numbers(LDA * 9, 1);
        std::vector<float> b = numbers(LDB * 9, 2);
        std::vector<float> c = numbers(LDC * N, 3);
        check::Memory da(a.size() * 4), db(b.size() * 4), dc(c.size() * 4);
        check::upload(da, a);
        check::upload(db, b);
        check::upload(dc, c);
        float alpha = 0.5f;
        float beta = 2;
        REQUIRE_EQUAL(0, cublasSgemm_v2(blas, isATransposed, isBTransposed, M, N, K, &alpha,
                                        reinterpret_cast<float*>(da.address), LDA, reinterpret_cast<float*>(db.address),
                                        LDB, &beta, reinterpret_cast<float*>(dc.address), LDC));
        std::vector<double> expected(c.begin(), c.end());
        for (size_t i = 0; i < M; i++) {
            for (size_t j = 0; j < N; j++) {
                double sum = 0;
                for (size_t k = 0; k < K; k++) {
                    sum += static_cast<double>(a[isATransposed ? i * LDA + k : k * LDA + i])
                           * static_cast<double>(b[isBTransposed ? k * LDB + j : j * LDB + k]);
                }
                expected[j * LDC + i] = 0.5 * sum + 2 * static_cast<double>(c[j * LDC + i]);
            }
        }
        REQUIRE(isClose(expected, check::download<float>(dc, c.size()), 1e-6));
    }
    REQUIRE_EQUAL(0, cublasDestroy_v2(blas));
}

// The same product in every format, with operands that lose bits in bf16 and TF32. What a format keeps of a number is
// worked out in double by the distance of its neighbours there, and not by bits.
TEST(matrixProductsInOtherFormats) {
    constexpr int R_32F = 0, R_16BF = 14, COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69, COMPUTE_32F_FAST_TF32 = 77,
                  TF32_MATH = 3;
    constexpr int M = 4, N = 5, K = 6;
    auto quantized = [](const std::vector<float>& values,
                        double stepAtOne) {  // to nearest; stepAtOne for numbers of 1 to 2
        std::vector<double> result;
        for (float value : values) {
            double step = stepAtOne;
            for (double bound = 2; std::fabs(static_cast<double>(value)) >= bound; bound *= 2) {
                step *= 2;
            }
            for (double bound = 1; std::fabs(static_cast<double>(value)) < bound && bound > 1e-9; bound /= 2) {
                step /= 2;
            }
            result.push_back(std::nearbyint(static_cast<double>(value) / step) * step);
        }
        return result;
    };
    auto product = [](const std::vector<double>& a, const std::vector<double>& b) {  // column after column
        std::vector<double> c(M * N);
        for (size_t j = 0; j < N; j++) {
            for (size_t i = 0; i < M; i++) {
                for (size_t k = 0; k < K; k++) {
                    c[j * M + i] += a[k * M + i] * b[j * K + k];
                }
            }
        }
        return c;
    };
    auto halves = [](const std::vector<double>& values) {  // exact: they are bf16 already
        std::vector<uint16_t> bits;
        for (double value : values) {
            float narrow = static_cast<float>(value);
            uint32_t word;
            std::memcpy(&word, &narrow, sizeof word);
            bits.push_back(static_cast<uint16_t>(word >> 16));
        }
        return bits;
    };
    check::Context context;
    Handle blas = nullptr;
    REQUIRE_EQUAL(0, cublasCreate_v2(&blas));
    std::vector<float> a = numbers(M * K, 5), b = numbers(K * N, 6);
    check::Memory da(a.size() * 4), db(b.size() * 4), dc(M * N * 4), scalars(8);
    check::upload(da, a);
    check::upload(db, b);
    check::upload(scalars, std::vector<float>{1, 0});
    auto pointer = [](const check::Memory& memory) { return reinterpret_cast<void*>(memory.address); };
    float one = 1, zero = 0;
    auto multiply = [&](int type, int typeOfC, int compute) {
        return cublasGemmEx(blas, 0, 0, M, N, K, &one, pointer(da), type, M, pointer(db), type, K, &zero, pointer(dc),
                            typeOfC, M, compute, -1);
    };
    std::vector<double> exact =
        product(std::vector<double>(a.begin(), a.end()), std::vector<double>(b.begin(), b.end()));
    std::vector<double> tf32 = product(quantized(a, 1.0 / 1024), quantized(b, 1.0 / 1024));
    REQUIRE(!isClose(exact, std::vector<float>(tf32.begin(), tf32.end()), 1e-6,
                     false));  // the two differ by more than is allowed
    for (int compute : {COMPUTE_32F, COMPUTE_32F_PEDANTIC}) {
        REQUIRE_EQUAL(0, multiply(R_32F, R_32F, compute));
        REQUIRE(isClose(exact, check::download<float>(dc, M * N), 1e-6));
    }
    REQUIRE_EQUAL(0, multiply(R_32F, R_32F, COMPUTE_32F_FAST_TF32));
    REQUIRE(isClose(tf32, check::download<float>(dc, M * N), 1e-6));
    REQUIRE_EQUAL(0, cublasSetMathMode(blas, TF32_MATH));
    REQUIRE_EQUAL(0, multiply(R_32F, R_32F, COMPUTE_32F));
    REQUIRE(isClose(tf32, check::download<float>(dc, M * N), 1e-6));
    REQUIRE_EQUAL(0, multiply(R_32F, R_32F, COMPUTE_32F_PEDANTIC));
    REQUIRE(isClose(exact, check::download<float>(dc, M * N), 1e-6));
    REQUIRE_EQUAL(0, cublasSetMathMode(blas, 0));

    std::vector<double> narrowA = quantized(a, 1.0 / 128), narrowB = quantized(b, 1.0 / 128);
    check::upload(da, halves(narrowA));
    check::upload(db, halves(narrowB));
    REQUIRE_EQUAL(0, multiply(R_16BF, R_32F, COMPUTE_32F));
    std::vector<double> narrow = product(narrowA, narrowB);
    std::vector<float> sums = check::download<float>(dc, M * N);
    REQUIRE(isClose(narrow, sums, 1e-6));
    REQUIRE_EQUAL(0, multiply(R_16BF, R_16BF, COMPUTE_32F));
    REQUIRE(halves(quantized(sums, 1.0 / 128)) == check::download<uint16_t>(dc, M * N));

    REQUIRE_EQUAL(0, cublasSetPointerMode_v2(blas, 1));  // the factors are on the device
    auto onDevice = [&](size_t i) { return reinterpret_cast<void*>(scalars.address + 4 * i); };
    REQUIRE_EQUAL(0, cublasGemmEx(blas, 0, 0, M, N, K, onDevice(0), pointer(da), R_16BF, M, pointer(db), R_16BF, K,
                                  onDevice(1), pointer(dc), R_32F, M, COMPUTE_32F, -1));
    REQUIRE(sums == check::download<float>(dc, M * N));
    REQUIRE_EQUAL(15, multiply(2, R_32F, COMPUTE_32F));  // 16-bit floats are not emulated, nor are sums of 16 bits
    REQUIRE_EQUAL(15, multiply(R_32F, R_32F, 64));
    REQUIRE_EQUAL(7, cublasGemmEx(blas, 0, 0, M, N, K, onDevice(0), pointer(da), R_32F, M - 1, pointer(db), R_32F, K,
                                  onDevice(1), pointer(dc), R_32F, M, COMPUTE_32F, -1));
    REQUIRE_EQUAL(0, cublasDestroy_v2(blas));
}

// cudnnConvolution…AlgoPerf_t
struct Performance {
    int algorithm;
    int status;
    float time;
    size_t memory;
    int determinism;
    int mathType;
    int reserved[3];
};

// The three ways to ask for algorithms name the same ones, each with the workspace that the fourth names and the
// convolution wants. The descriptors are given in the order of the calls.
template <class Get, class Find, class FindEx, class Size>
static void checkAlgorithms(Handle dnn, Handle first, Handle second, Handle convolution, Handle third, Get get,
                            Find find, FindEx findEx, Size size) {
    Performance listed[8] = {}, found[8] = {}, tried[8] = {};
    int counts[3] = {};
    REQUIRE_EQUAL(0, get(dnn, first, second, convolution, third, 8, &counts[0], listed));
    REQUIRE_EQUAL(0, find(dnn, first, second, convolution, third, 8, &counts[1], found));
    REQUIRE_EQUAL(
        0, findEx(dnn, first, nullptr, second, nullptr, convolution, third, nullptr, 8, &counts[2], tried, nullptr, 0));
    REQUIRE(counts[0] > 1);
    REQUIRE_EQUAL(counts[0], counts[1]);
    REQUIRE_EQUAL(counts[0], counts[2]);
    for (int i = 0; i < counts[0]; i++) {
        REQUIRE_EQUAL(listed[i].algorithm, found[i].algorithm);
        REQUIRE_EQUAL(listed[i].algorithm, tried[i].algorithm);
        REQUIRE(listed[i].time < 0 && found[i].time > 0);  // only what was tried has a time
        size_t bytes = 1;
        REQUIRE_EQUAL(0, size(dnn, first, second, convolution, third, listed[i].algorithm, &bytes));
        REQUIRE_EQUAL(bytes, listed[i].memory);
        REQUIRE_EQUAL(bytes, found[i].memory);
    }
    size_t bytes = 0;
    REQUIRE_EQUAL(3000, size(dnn, first, second, convolution, third, 7, &bytes));  // not one of them
}

// All three convolutions in one layout, against their definition.
static void checkConvolution(int format, int groups, int padding, int stride, int mode) {
    constexpr size_t N = 2, H = 5, W = 6, K = 4, R = 3, S = 2;
    size_t inputs = 4, group = inputs / static_cast<size_t>(groups), step = static_cast<size_t>(stride);
    size_t P = (H + 2 * static_cast<size_t>(padding) - R) / step + 1;
    size_t Q = (W + 2 * static_cast<size_t>(padding) - S) / step + 1;
    auto place = [format](size_t n, size_t c, size_t h, size_t w, size_t C, size_t height, size_t width) {
        return format == 0 ? ((n * C + c) * height + h) * width + w : ((n * height + h) * width + w) * C + c;
    };
    std::vector<float> x = numbers(N * inputs * H * W, 1);
    std::vector<float> w = numbers(K * group * R * S, 2);
    std::vector<float> dy = numbers(N * K * P * Q, 3);
    std::vector<double> y(dy.size()), dx(x.size()), dw(w.size());
    for (size_t n = 0; n < N; n++) {
        for (size_t k = 0; k < K; k++) {
            for (size_t p = 0; p < P; p++) {
                for (size_t q = 0; q < Q; q++) {
                    for (size_t c = 0; c < group; c++) {
                        for (size_t r = 0; r < R; r++) {
                            for (size_t s = 0; s < S; s++) {
                                size_t h = p * step + r - static_cast<size_t>(padding);
                                size_t v = q * step + s - static_cast<size_t>(padding);
                                if (h >= H || v >= W) {
                                    continue;
                                }
                                size_t channel = k / (K / static_cast<size_t>(groups)) * group + c;
                                size_t at = place(n, channel, h, v, inputs, H, W);
                                size_t tap = mode == 1 ? place(k, c, r, s, group, R, S)
                                                       : place(k, c, R - 1 - r, S - 1 - s, group, R, S);
                                size_t to = place(n, k, p, q, K, P, Q);
                                y[to] += static_cast<double>(x[at]) * static_cast<double>(w[tap]);
                                dx[at] += static_cast<double>(dy[to]) * static_cast<double>(w[tap]);
                                dw[tap] += static_cast<double>(dy[to]) * static_cast<double>(x[at]);
                            }
                        }
                    }
                }
            }
        }
    }
    Handle dnn = nullptr, xShape = nullptr, yShape = nullptr, wShape = nullptr, convolution = nullptr;
    REQUIRE_EQUAL(0, cudnnCreate(&dnn));
    REQUIRE_EQUAL(0, cudnnCreateTensorDescriptor(&xShape));
    REQUIRE_EQUAL(0, cudnnCreateTensorDescriptor(&yShape));
    REQUIRE_EQUAL(0, cudnnCreateFilterDescriptor(&wShape));
    REQUIRE_EQUAL(0, cudnnCreateConvolutionDescriptor(&convolution));
    REQUIRE_EQUAL(0, cudnnSetTensor4dDescriptor(xShape, format, 0, N, static_cast<int>(inputs), H, W));
    REQUIRE_EQUAL(0, cudnnSetTensor4dDescriptor(yShape, format, 0, N, K, static_cast<int>(P), static_cast<int>(Q)));
    REQUIRE_EQUAL(0, cudnnSetFilter4dDescriptor(wShape, 0, format, K, static_cast<int>(group), R, S));
    REQUIRE_EQUAL(0, cudnnSetConvolution2dDescriptor(convolution, padding, padding, stride, stride, 1, 1, mode, 0));
    REQUIRE_EQUAL(0, cudnnSetConvolutionGroupCount(convolution, groups));
    REQUIRE_EQUAL(0, cudnnSetConvolutionMathType(convolution, 3));
    int size[4];
    REQUIRE_EQUAL(
        0, cudnnGetConvolution2dForwardOutputDim(convolution, xShape, wShape, &size[0], &size[1], &size[2], &size[3]));
    REQUIRE_EQUAL(static_cast<int>(P), size[2]);
    checkAlgorithms(dnn, xShape, wShape, convolution, yShape, cudnnGetConvolutionForwardAlgorithm_v7,
                    cudnnFindConvolutionForwardAlgorithm, cudnnFindConvolutionForwardAlgorithmEx,
                    cudnnGetConvolutionForwardWorkspaceSize);
    checkAlgorithms(dnn, wShape, yShape, convolution, xShape, cudnnGetConvolutionBackwardDataAlgorithm_v7,
                    cudnnFindConvolutionBackwardDataAlgorithm, cudnnFindConvolutionBackwardDataAlgorithmEx,
                    cudnnGetConvolutionBackwardDataWorkspaceSize);
    checkAlgorithms(dnn, xShape, yShape, convolution, wShape, cudnnGetConvolutionBackwardFilterAlgorithm_v7,
                    cudnnFindConvolutionBackwardFilterAlgorithm, cudnnFindConvolutionBackwardFilterAlgorithmEx,
                    cudnnGetConvolutionBackwardFilterWorkspaceSize);
    check::Memory xMemory(x.size() * 4), wMemory(w.size() * 4), yMemory(y.size() * 4), workspace(4096);
    auto pointer = [](const check::Memory& memory) { return reinterpret_cast<void*>(memory.address); };
    float one = 1, zero = 0;
    check::upload(xMemory, x);
    check::upload(wMemory, w);
    REQUIRE_EQUAL(2000, cudnnConvolutionForward(dnn, &one, xShape, pointer(xMemory), wShape, pointer(wMemory),
                                                convolution, 1, nullptr, 0, &zero, yShape, pointer(yMemory)));
    REQUIRE_EQUAL(0, cudnnConvolutionForward(dnn, &one, xShape, pointer(xMemory), wShape, pointer(wMemory), convolution,
                                             1, pointer(workspace), 4096, &zero, yShape, pointer(yMemory)));
    REQUIRE(isClose(y, check::download<float>(yMemory, y.size()), 1e-5));
    check::upload(yMemory, dy);
    check::Memory dwMemory(w.size() * 4), dxMemory(x.size() * 4);
    REQUIRE_EQUAL(
        0, cudnnConvolutionBackwardFilter(dnn, &one, xShape, pointer(xMemory), yShape, pointer(yMemory), convolution, 1,
                                          pointer(workspace), 4096, &zero, wShape, pointer(dwMemory)));
    REQUIRE(isClose(dw, check::download<float>(dwMemory, w.size()), 1e-5));
    REQUIRE_EQUAL(
        0, cudnnConvolutionBackwardData(dnn, &one, wShape, pointer(wMemory), yShape, pointer(yMemory), convolution, 1,
                                        pointer(workspace), 4096, &zero, xShape, pointer(dxMemory)));
    REQUIRE(isClose(dx, check::download<float>(dxMemory, x.size()), 1e-5));
    cudnnDestroyTensorDescriptor(xShape);
    cudnnDestroyTensorDescriptor(yShape);
    cudnnDestroyFilterDescriptor(wShape);
    cudnnDestroyConvolutionDescriptor(convolution);
    cudnnDestroy(dnn);
}

TEST(convolutions) {
    check::Context context;
    for (int format : {0, 1}) {
        checkConvolution(format, 1, 0, 1, 1);
        checkConvolution(format, 1, 1, 2, 1);
        checkConvolution(format, 2, 1, 1, 1);
        checkConvolution(format, 1, 1, 1, 0);
    }
}

// A view into a larger buffer: what lies outside it is neither read nor written.
TEST(viewsLeaveTheirBordersAlone) {
    check::Context context;
    Handle dnn = nullptr, view = nullptr, small = nullptr, filter = nullptr, convolution = nullptr;
    REQUIRE_EQUAL(0, cudnnCreate(&dnn));
    REQUIRE_EQUAL(0, cudnnCreateTensorDescriptor(&view));
    REQUIRE_EQUAL(0, cudnnCreateTensorDescriptor(&small));
    REQUIRE_EQUAL(0, cudnnCreateFilterDescriptor(&filter));
    REQUIRE_EQUAL(0, cudnnCreateConvolutionDescriptor(&convolution));
    REQUIRE_EQUAL(0, cudnnSetTensor4dDescriptorEx(view, 0, 1, 1, 2, 2, 16, 16, 4, 1));  // 2 × 2 of 4 × 4
    REQUIRE_EQUAL(0, cudnnSetTensor4dDescriptor(small, 0, 0, 1, 1, 2, 2));
    REQUIRE_EQUAL(0, cudnnSetFilter4dDescriptor(filter, 0, 0, 1, 1, 1, 1));
    REQUIRE_EQUAL(0, cudnnSetConvolution2dDescriptor(convolution, 0, 0, 1, 1, 1, 1, 1, 0));
    check::Memory large(64), result(16), weight(4);
    check::upload(large, numbers(16, 4));
    check::upload(result, std::vector<float>{1, 2, 3, 4});
    check::upload(weight, std::vector<float>{10});
    float one = 1, zero = 0;
    std::vector<float> before = check::download<float>(large, 16);
    REQUIRE_EQUAL(0, cudnnConvolutionBackwardData(dnn, &one, filter, reinterpret_cast<void*>(weight.address), small,
                                                  reinterpret_cast<void*>(result.address), convolution, 0, nullptr, 0,
                                                  &zero, view, reinterpret_cast<void*>(large.address)));
    std::vector<float> after = check::download<float>(large, 16);
    before[0] = 10, before[1] = 20, before[4] = 30, before[5] = 40;
    REQUIRE(before == after);
    cudnnDestroyTensorDescriptor(view);
    cudnnDestroyTensorDescriptor(small);
    cudnnDestroyFilterDescriptor(filter);
    cudnnDestroyConvolutionDescriptor(convolution);
    cudnnDestroy(dnn);
}
