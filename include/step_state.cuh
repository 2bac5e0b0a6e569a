#pragma once

// What changes from one training step to the next. It lies in device memory, so that replaying a captured step needs
// nothing from the host. java/daegpu/engine/cuda/layers/StepState.java has the same layout.
struct alignas(16) StepState {
    float learning_rate;
    float root;       // sqrt(1 - beta2^t), where t is the number of the next update, counted from 1
    float rest;       // 1 - beta1^t for the same t
    int position;     // where the next batch begins in the epoch's order
    long long step;   // number of updates done
    int losses;       // number of losses that the host has not read yet
    unsigned ticket;  // blocks of the update in progress that have read their step size
};
