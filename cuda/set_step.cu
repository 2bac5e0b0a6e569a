// Sets the learning rate, the place in the order of the epoch and the number of unread losses for the training steps
// that follow. One thread; the values are arguments of the launch, so that nothing is copied or waited for.
#include "step_state.cuh"

extern "C" __global__ void set_step(StepState* state, float learning_rate, int position, int losses) {
    state->learning_rate = learning_rate;
    state->position = position;
    state->losses = losses;
}
