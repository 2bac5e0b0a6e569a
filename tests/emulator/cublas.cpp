// libcublas.so.12: matrix products as plain loops. Every sum is added in the order of k, in float32.
#include <algorithm>
#include <vector>

#include "library_memory.h"
#include "vector_loops.h"

namespace emulator {

namespace {

// cublasStatus_t
constexpr int SUCCESS = 0;
constexpr int NOT_INITIALIZED = 1;
constexpr int INVALID_VALUE = 7;
constexpr int EXECUTION_FAILED = 13;
constexpr int NOT_SUPPORTED = 15;

// cudaDataType, cublasComputeType_t, cublasMath_t
constexpr int R_32F = 0;
constexpr int R_16BF = 14;
constexpr int COMPUTE_32F = 68;
constexpr int COMPUTE_32F_PEDANTIC = 69;
constexpr int COMPUTE_32F_FAST_TF32 = 77;
constexpr int TF32_TENSOR_OP_MATH = 3;
constexpr int MATH_MASK = 15;

struct Handle {
    void* stream = nullptr;
    int mathMode = 0;
    int pointerMode = 0;  // 0: alpha and beta are on the host
    int atomicsMode = 0;
};

struct Matrix {
    uint64_t address;
    Element element;
    long long leading;
    bool isTransposed;
};

struct Product {
    const char* name;
    int m, n, k;
    Matrix a, b, c;
    bool isTf32;
    bool isOnHost;
    float alpha, beta;
    uint64_t alphaAddress, betaAddress;

    // op(X) as rows × columns, stored column by column.
    std::vector<float> load(const Matrix& x, int rows, int columns, const char* which) const {
        std::vector<float> target(static_cast<size_t>(rows) * static_cast<size_t>(columns));
        int height = x.isTransposed ? columns : rows;
        int width = x.isTransposed ? rows : columns;
        std::vector<float> column(static_cast<size_t>(height));
        for (int j = 0; j < width; j++) {
            uint64_t at = x.address + static_cast<uint64_t>(j * x.leading) * sizeOf(x.element);
            loadRow(x.element, at, column.size(), column.data(), std::string(name) + " " + which, isTf32);
            for (int i = 0; i < height; i++) {
                size_t place = x.isTransposed
                                   ? static_cast<size_t>(i) * static_cast<size_t>(rows) + static_cast<size_t>(j)
                                   : static_cast<size_t>(j) * static_cast<size_t>(rows) + static_cast<size_t>(i);
                target[place] = column[static_cast<size_t>(i)];
            }
        }
        return target;
    }

    void operator()() const {
        float alphaNow = alpha;
        float betaNow = beta;
        if (!isOnHost) {
            loadRow(Element::FLOAT32, alphaAddress, 1, &alphaNow, std::string(name) + " alpha");
            loadRow(Element::FLOAT32, betaAddress, 1, &betaNow, std::string(name) + " beta");
        }
        std::vector<float> left = load(a, m, k, "A");
        std::vector<float> right = load(b, k, n, "B");
        std::vector<float> column(static_cast<size_t>(m));
        for (int j = 0; j < n; j++) {
            std::fill(column.begin(), column.end(), 0.0f);
            for (int i = 0; i < k; i++) {
                float factor = right[static_cast<size_t>(j) * static_cast<size_t>(k) + static_cast<size_t>(i)];
                addScaled(column.data(), left.data() + static_cast<size_t>(i) * static_cast<size_t>(m), factor,
                          column.size());
            }
            storeRow(c.element, c.address + static_cast<uint64_t>(j * c.leading) * sizeOf(c.element), column.size(),
                     column.data(), alphaNow, betaNow, std::string(name) + " C");
        }
        uint64_t rows = static_cast<uint64_t>(m);
        uint64_t columns = static_cast<uint64_t>(n);
        uint64_t depth = static_cast<uint64_t>(k);
        emulatorCount(name, rows * columns * depth,
                      rows * depth * sizeOf(a.element) + depth * columns * sizeOf(b.element)
                          + rows * columns * sizeOf(c.element));
    }
};

int multiply(Handle* handle, Product product, int transposeA, int transposeB, const void* alpha, const void* beta) {
    if (handle == nullptr) {
        return NOT_INITIALIZED;
    }
    product.a.isTransposed = transposeA != 0;
    product.b.isTransposed = transposeB != 0;
    long long rowsA = transposeA == 0 ? product.m : product.k;
    long long rowsB = transposeB == 0 ? product.k : product.n;
    if (product.m < 0 || product.n < 0 || product.k < 0 || transposeA < 0 || transposeA > 2 || transposeB < 0
        || transposeB > 2 || product.a.leading < std::max(1ll, rowsA) || product.b.leading < std::max(1ll, rowsB)
        || product.c.leading < std::max(1, product.m) || alpha == nullptr || beta == nullptr) {
        return INVALID_VALUE;
    }
    if (product.m == 0 || product.n == 0) {
        return SUCCESS;
    }
    product.isOnHost = handle->pointerMode == 0;
    if (product.isOnHost) {
        std::memcpy(&product.alpha, alpha, sizeof product.alpha);
        std::memcpy(&product.beta, beta, sizeof product.beta);
    } else {
        product.alphaAddress = reinterpret_cast<uint64_t>(alpha);
        product.betaAddress = reinterpret_cast<uint64_t>(beta);
    }
    return enqueueWork(handle->stream, product.name, product) == 0 ? SUCCESS : EXECUTION_FAILED;
}

Matrix matrix(const void* address, Element element, long long leading) {
    return {reinterpret_cast<uint64_t>(address), element, leading, false};
}

bool elementOf(int dataType, Element& element) {
    element = dataType == R_32F ? Element::FLOAT32 : Element::BRAIN16;
    return dataType == R_32F || dataType == R_16BF;
}

int multiplyEx(const char* name, Handle* handle, int transposeA, int transposeB, int m, int n, int k, const void* alpha,
               const void* a, int typeA, int lda, const void* b, int typeB, int ldb, const void* beta, void* c,
               int typeC, int ldc, int compute) {
    Element elementA, elementB, elementC;
    bool isKnown = compute == COMPUTE_32F || compute == COMPUTE_32F_PEDANTIC || compute == COMPUTE_32F_FAST_TF32;
    if (!elementOf(typeA, elementA) || !elementOf(typeB, elementB) || !elementOf(typeC, elementC)
        || elementA != elementB || !isKnown) {
        return NOT_SUPPORTED;
    }
    bool isTf32 = compute == COMPUTE_32F_FAST_TF32
                  || (compute == COMPUTE_32F && handle != nullptr
                      && (handle->mathMode & MATH_MASK) == TF32_TENSOR_OP_MATH && elementA == Element::FLOAT32);
    Product product{
        name, m, n, k, matrix(a, elementA, lda), matrix(b, elementB, ldb), matrix(c, elementC, ldc), isTf32, true,
        0,    0, 0, 0};
    return multiply(handle, product, transposeA, transposeB, alpha, beta);
}

}  // namespace

EMULATOR_EXPORT int cublasCreate_v2(Handle** handle) {
    *handle = new Handle;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasDestroy_v2(Handle* handle) {
    if (handle == nullptr) {
        return NOT_INITIALIZED;
    }
    delete handle;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasGetVersion_v2(Handle*, int* version) {
    *version = 120600;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasGetProperty(int type, int* value) {
    *value = type == 0 ? 12 : type == 1 ? 6 : 0;
    return SUCCESS;
}

EMULATOR_EXPORT const char* cublasGetStatusName(int status) {
    switch (status) {
        case SUCCESS: return "CUBLAS_STATUS_SUCCESS";
        case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
        case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
        default: return "<unknown>";
    }
}

EMULATOR_EXPORT const char* cublasGetStatusString(int status) { return cublasGetStatusName(status); }

EMULATOR_EXPORT int cublasSetStream_v2(Handle* handle, void* stream) {
    if (handle == nullptr) {
        return NOT_INITIALIZED;
    }
    handle->stream = stream;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasGetStream_v2(Handle* handle, void** stream) {
    *stream = handle->stream;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasSetWorkspace_v2(Handle* handle, void* workspace, size_t) {
    if (handle == nullptr) {
        return NOT_INITIALIZED;
    }
    return reinterpret_cast<uintptr_t>(workspace) % 256 == 0 ? SUCCESS : INVALID_VALUE;
}

EMULATOR_EXPORT int cublasSetMathMode(Handle* handle, int mode) {
    if (handle == nullptr) {
        return NOT_INITIALIZED;
    }
    handle->mathMode = mode;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasGetMathMode(Handle* handle, int* mode) {
    *mode = handle->mathMode;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasSetPointerMode_v2(Handle* handle, int mode) {
    if (handle == nullptr) {
        return NOT_INITIALIZED;
    }
    handle->pointerMode = mode;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasGetPointerMode_v2(Handle* handle, int* mode) {
    *mode = handle->pointerMode;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasSetAtomicsMode(Handle* handle, int mode) {
    handle->atomicsMode = mode;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasGetAtomicsMode(Handle* handle, int* mode) {
    *mode = handle->atomicsMode;
    return SUCCESS;
}

EMULATOR_EXPORT int cublasSgemm_v2(Handle* handle, int transposeA, int transposeB, int m, int n, int k,
                                   const float* alpha, const float* a, int lda, const float* b, int ldb,
                                   const float* beta, float* c, int ldc) {
    return multiplyEx("cublasSgemm", handle, transposeA, transposeB, m, n, k, alpha, a, R_32F, lda, b, R_32F, ldb, beta,
                      c, R_32F, ldc, COMPUTE_32F);
}

EMULATOR_EXPORT int cublasGemmEx(Handle* handle, int transposeA, int transposeB, int m, int n, int k, const void* alpha,
                                 const void* a, int typeA, int lda, const void* b, int typeB, int ldb, const void* beta,
                                 void* c, int typeC, int ldc, int compute, int) {
    return multiplyEx("cublasGemmEx", handle, transposeA, transposeB, m, n, k, alpha, a, typeA, lda, b, typeB, ldb,
                      beta, c, typeC, ldc, compute);
}

}  // namespace emulator
