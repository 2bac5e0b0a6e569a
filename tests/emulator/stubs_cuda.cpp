#include "stubs.h"

namespace {
constexpr int NOT_SUPPORTED = 801;  // CUDA_ERROR_NOT_SUPPORTED
}

#include "symbols_cuda.inc"
