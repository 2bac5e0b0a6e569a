#pragma once

// What changes from one training step to the next. Lives in device memory, so that replaying a captured step needs
// nothing from the host. java/daegpu/engine/cuda/StepState.java has the same layout.
struct StepState {
    long long step;  // updates done, the one in progress included once count_update has run
    float learning_rate;
    float alpha;   // Adam's step size for the update in progress
    int position;  // place in the epoch's order where the batch begins
    int losses;    // losses that wait to be read
};
