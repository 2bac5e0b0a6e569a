#pragma once

#include "sigmoid.cuh"

// What a layer applies last: daegpu.model.Layer.Activation, in its order. Reference:
// daegpu.engine.reference.ActivationFunctions.
enum Activation { LINEAR = 0, RELU = 1, SIGMOID = 2 };

// An activation that the compiler knows.
template <int ACTIVATION>
struct KnownActivation {
    __device__ operator int() const { return ACTIVATION; }
};

// Does what is given with the activation.
template <typename Work>
__device__ __forceinline__ void with_activation(int activation, Work work) {
    if (activation == RELU) {
        work(KnownActivation<RELU>());
    } else if (activation == SIGMOID) {
        work(KnownActivation<SIGMOID>());
    } else {
        work(KnownActivation<LINEAR>());
    }
}

__device__ inline float activated(int activation, float x) {
    return activation == RELU ? fmaxf(x, 0.0f) : activation == SIGMOID ? sigmoid(x) : x;
}

// The gradient before an activation, from that at what it put out, y.
__device__ inline float back_through(int activation, float y, float gradient) {
    return activation == RELU ? (y > 0 ? gradient : 0.0f) : activation == SIGMOID ? gradient * (y * (1 - y)) : gradient;
}
