#pragma once

#include "sigmoid.cuh"

// The activation of a layer: the constants of daegpu.model.Layer.Activation, in their order. Reference:
// daegpu.engine.reference.ActivationFunctions.
enum Activation { LINEAR = 0, RELU = 1, SIGMOID = 2 };

// An activation as a type, so that the compiler leaves out the code of the others.
template <int ACTIVATION>
struct KnownActivation {
    __device__ operator int() const { return ACTIVATION; }
};

// Calls `work` with the activation as a type: the activation is then looked up once instead of for each value.
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

// The gradient with respect to the argument of an activation, given the gradient with respect to its result y. The
// derivatives of ReLU and sigmoid are computed from y alone.
__device__ inline float back_through(int activation, float y, float gradient) {
    return activation == RELU ? (y > 0 ? gradient : 0.0f) : activation == SIGMOID ? gradient * (y * (1 - y)) : gradient;
}
