// cuBLAS and cuDNN against sums written out here in double.
#include <cmath>

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

bool isClose(const std::vector<double>& expected, const std::vector<float>& actual, double tolerance) {
    for (size_t i = 0; i < expected.size(); i++) {
        if (!(std::fabs(expected[i] - static_cast<double>(actual[i])) <= tolerance)) {
            std::printf("element %zu is %g and not %g\n", i, static_cast<double>(actual[i]), expected[i]);
            return false;
        }
    }
    return true;
}

} // namespace

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
        REQUIRE_EQUAL(0, cublasSgemm_v2(blas, isATransposed, isBTransposed, M, N, K, &alpha, reinterpret_cast<float*>(da.address), LDA,
                                        reinterpret_cast<float*>(db.address), LDB, &beta, reinterpret_cast<float*>(dc.address), LDC));
        std::vector<double> expected(c.begin(), c.end());
        for (size_t i = 0; i < M; i++) {
            for (size_t j = 0; j < N; j++) {
                double sum = 0;
                for (size_t k = 0; k < K; k++) {
                    sum += static_cast<double>(a[isATransposed ? i * LDA + k : k * LDA + i]) * static_cast<double>(b[isBTransposed ? k * LDB + j : j * LDB + k]);
                }
                expected[j * LDC + i] = 0.5 * sum + 2 * static_cast<double>(c[j * LDC + i]);
            }
        }
        REQUIRE(isClose(expected, check::download<float>(dc, c.size()), 1e-6));
    }
    REQUIRE_EQUAL(0, cublasDestroy_v2(blas));
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
                                size_t tap = mode == 1 ? place(k, c, r, s, group, R, S) : place(k, c, R - 1 - r, S - 1 - s, group, R, S);
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
    REQUIRE_EQUAL(0, cudnnGetConvolution2dForwardOutputDim(convolution, xShape, wShape, &size[0], &size[1], &size[2], &size[3]));
    REQUIRE_EQUAL(static_cast<int>(P), size[2]);
    check::Memory xMemory(x.size() * 4), wMemory(w.size() * 4), yMemory(y.size() * 4), workspace(4096);
    auto pointer = [](const check::Memory& memory) { return reinterpret_cast<void*>(memory.address); };
    float one = 1, zero = 0;
    check::upload(xMemory, x);
    check::upload(wMemory, w);
    REQUIRE_EQUAL(2000, cudnnConvolutionForward(dnn, &one, xShape, pointer(xMemory), wShape, pointer(wMemory), convolution, 1, nullptr, 0, &zero, yShape,
                                                pointer(yMemory)));
    REQUIRE_EQUAL(0, cudnnConvolutionForward(dnn, &one, xShape, pointer(xMemory), wShape, pointer(wMemory), convolution, 1, pointer(workspace), 4096, &zero, yShape,
                                             pointer(yMemory)));
    REQUIRE(isClose(y, check::download<float>(yMemory, y.size()), 1e-5));
    check::upload(yMemory, dy);
    check::Memory dwMemory(w.size() * 4), dxMemory(x.size() * 4);
    REQUIRE_EQUAL(0, cudnnConvolutionBackwardFilter(dnn, &one, xShape, pointer(xMemory), yShape, pointer(yMemory), convolution, 1, pointer(workspace), 4096, &zero,
                                                    wShape, pointer(dwMemory)));
    REQUIRE(isClose(dw, check::download<float>(dwMemory, w.size()), 1e-5));
    REQUIRE_EQUAL(0, cudnnConvolutionBackwardData(dnn, &one, wShape, pointer(wMemory), yShape, pointer(yMemory), convolution, 1, pointer(workspace), 4096, &zero,
                                                  xShape, pointer(dxMemory)));
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
    REQUIRE_EQUAL(0, cudnnSetTensor4dDescriptorEx(view, 0, 1, 1, 2, 2, 16, 16, 4, 1)); // 2 × 2 of 4 × 4
    REQUIRE_EQUAL(0, cudnnSetTensor4dDescriptor(small, 0, 0, 1, 1, 2, 2));
    REQUIRE_EQUAL(0, cudnnSetFilter4dDescriptor(filter, 0, 0, 1, 1, 1, 1));
    REQUIRE_EQUAL(0, cudnnSetConvolution2dDescriptor(convolution, 0, 0, 1, 1, 1, 1, 1, 0));
    check::Memory large(64), result(16), weight(4);
    check::upload(large, numbers(16, 4));
    check::upload(result, std::vector<float>{1, 2, 3, 4});
    check::upload(weight, std::vector<float>{10});
    float one = 1, zero = 0;
    std::vector<float> before = check::download<float>(large, 16);
    REQUIRE_EQUAL(0, cudnnConvolutionBackwardData(dnn, &one, filter, reinterpret_cast<void*>(weight.address), small, reinterpret_cast<void*>(result.address),
                                                  convolution, 0, nullptr, 0, &zero, view, reinterpret_cast<void*>(large.address)));
    std::vector<float> after = check::download<float>(large, 16);
    before[0] = 10, before[1] = 20, before[4] = 30, before[5] = 40;
    REQUIRE(before == after);
    cudnnDestroyTensorDescriptor(view);
    cudnnDestroyTensorDescriptor(small);
    cudnnDestroyFilterDescriptor(filter);
    cudnnDestroyConvolutionDescriptor(convolution);
    cudnnDestroy(dnn);
}
