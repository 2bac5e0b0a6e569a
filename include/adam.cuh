#pragma once

#include "step_size.cuh"

// The constants of an update: Adam (Kingma and Ba, 2015) with decoupled weight decay (AdamW; Loshchilov and Hutter,
// 2019), and an exponential moving average of the parameters. See daegpu.engine.Optimizer and LearningRule.
// java/daegpu/engine/cuda/layers/UpdateRule.java has the same layout.
struct UpdateRule {
    float beta1;
    float beta2;
    float weight1;  // 1 - beta1
    float weight2;  // 1 - beta2
    float epsilon;
    float weight_decay;
    float average_weight;  // 1 - the decay of the average
};

// The arrays that an update changes, as groups of four floats. average is null if no average is kept.
struct TrainedArrays {
    float4* parameters;
    float4* first_moment;
    float4* second_moment;
    float4* average;
};

// One update of one parameter, with alpha from include/step_size.cuh. Reference: daegpu.engine.reference.Update.
//     p -= lr * decay * p
//     m += (g - m) (1 - beta1)
//     v += (g^2 - v) (1 - beta2)
//     p -= alpha m / (sqrt(v) + epsilon)
__device__ inline void update_one(float& parameter, float& first, float& second, float gradient, const UpdateRule& rule,
                                  const StepSize& size) {
    parameter -= size.learning_rate * rule.weight_decay * parameter;
    first += (gradient - first) * rule.weight1;
    second += (gradient * gradient - second) * rule.weight2;
    parameter -= size.alpha * first / (sqrtf(second) + rule.epsilon);
}

// The same update of four neighbouring parameters, and then of their average, if there is one: a += (p - a) *
// average_weight.
__device__ inline void update_four(const TrainedArrays& arrays, int i, float4 g, const UpdateRule& rule,
                                   const StepSize& size) {
    float4 p = arrays.parameters[i];
    float4 m = arrays.first_moment[i];
    float4 v = arrays.second_moment[i];
    update_one(p.x, m.x, v.x, g.x, rule, size);
    update_one(p.y, m.y, v.y, g.y, rule, size);
    update_one(p.z, m.z, v.z, g.z, rule, size);
    update_one(p.w, m.w, v.w, g.w, rule, size);
    arrays.parameters[i] = p;
    arrays.first_moment[i] = m;
    arrays.second_moment[i] = v;
    if (arrays.average != nullptr) {
        float4 a = arrays.average[i];
        a.x += (p.x - a.x) * rule.average_weight;
        a.y += (p.y - a.y) * rule.average_weight;
        a.z += (p.z - a.z) * rule.average_weight;
        a.w += (p.w - a.w) * rule.average_weight;
        arrays.average[i] = a;
    }
}
