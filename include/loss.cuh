#pragma once

// What training makes small: daegpu.engine.Loss, in its order.
enum Loss { MSE = 0, L1 = 1, CHARBONNIER = 2 };

constexpr float CHARBONNIER_EPSILON = 1e-3f;

// Adds the loss of a difference, times its weight, to `sum`. Returns its derivative: for the squared error half of it,
// as the factor 2 is in the scale of the gradient.
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
