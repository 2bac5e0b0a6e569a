#pragma once

// What training minimizes: the constants of daegpu.engine.Loss, in their order. For a difference d the loss is d^2, |d|
// or sqrt(d^2 + epsilon^2) (Charbonnier et al., 1994).
enum Loss { MSE = 0, L1 = 1, CHARBONNIER = 2 };

constexpr float CHARBONNIER_EPSILON = 1e-3f;

// Adds `weight` times the loss of a difference to `sum`, and returns `weight` times its derivative. For the squared
// error it returns half of that: the factor 2 is part of the scale of the gradient.
__device__ inline float add_loss(int loss, float difference, float weight, float& sum) {
    if (loss == MSE) {
        float weighted = weight * difference;
        sum = fmaf(weighted, difference, sum);
        return weighted;
    }
    if (loss == L1) {
        sum = fmaf(weight, fabsf(difference), sum);
        return difference > 0 ? weight : difference < 0 ? -weight : 0.0f;
    }
    float value = sqrtf(fmaf(difference, difference, CHARBONNIER_EPSILON * CHARBONNIER_EPSILON));
    sum = fmaf(weight, value, sum);
    return weight * (difference / value);
}
