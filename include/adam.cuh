#pragma once

// One update of a parameter: m += (g - m) (1 - beta1), v += (g^2 - v) (1 - beta2), p -= alpha m / (sqrt(v) + epsilon).
// Reference: daegpu.engine.reference.Update.
struct AdamConstants {
    float weight1;  // 1 - beta1
    float weight2;  // 1 - beta2
    float epsilon;
    float alpha;
};

__device__ inline void adam_update(float& parameter, float& first, float& second, float gradient,
                                   const AdamConstants& c) {
    first += (gradient - first) * c.weight1;
    second += (gradient * gradient - second) * c.weight2;
    parameter -= c.alpha * first / (sqrtf(second) + c.epsilon);
}
