#include "stubs.h"

namespace {
constexpr int NOT_SUPPORTED = 15;  // CUBLAS_STATUS_NOT_SUPPORTED
}

#include "symbols_cublas.inc"
