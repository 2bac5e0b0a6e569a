// Gives the following training steps another learning rate or place in the epoch's order. One thread; its arguments
// travel with the launch, so that nothing is copied or waited for.
#include "step_state.cuh"

extern "C" __global__ void set_step(StepState* state, float learning_rate, int position, int losses) {
    state->learning_rate = learning_rate;
    state->position = position;
    state->losses = losses;
}
