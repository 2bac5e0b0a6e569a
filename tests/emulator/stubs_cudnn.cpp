#include "stubs.h"

namespace {
constexpr int NOT_SUPPORTED = 3000;  // CUDNN_STATUS_NOT_SUPPORTED
}

#include "symbols_cudnn.inc"
