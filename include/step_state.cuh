#pragma once

// What changes from one training step to the next. Lives in device memory, so that replaying a captured step needs
// nothing from the host. java/daegpu/engine/cuda/layers/StepState.java has the same layout.
struct alignas(16) StepState {
    float learning_rate;
    float root;       // sqrt(1 - beta2^t) for the update to come, t
    float rest;       // 1 - beta1^t
    int position;     // place in the epoch's order where the batch begins
    long long step;   // updates done
    int losses;       // losses that wait to be read
    unsigned ticket;  // blocks of an update in progress that know its step size
};
