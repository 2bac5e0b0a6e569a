package daegpu.engine.reference;

import daegpu.engine.LearningRule;
import daegpu.engine.Optimizer;
import daegpu.engine.TrainingState;

/** One update of parameters, moments and average in a plain loop; see {@link Optimizer} and {@link LearningRule}. */
final class Update {

    private Update() {}

    /** Makes update number {@code step}, counted from 1: changes the arrays of {@code state}. */
    static void apply(LearningRule rule, TrainingState state, float[] gradients, float learningRate, long step) {
        Optimizer optimizer = rule.optimizer();
        float alpha = optimizer.alpha(learningRate, step);
        float decay = optimizer.decay(learningRate);
        float weight1 = optimizer.weight1();
        float weight2 = optimizer.weight2();
        float[] parameters = state.parameters().values();
        float[] firstMoment = state.firstMoment().values();
        float[] secondMoment = state.secondMoment().values();
        for (int i = 0; i < parameters.length; i++) {
            float gradient = gradients[i];
            parameters[i] -= decay * parameters[i];
            firstMoment[i] += (gradient - firstMoment[i]) * weight1;
            secondMoment[i] += (gradient * gradient - secondMoment[i]) * weight2;
            parameters[i] -= alpha * firstMoment[i] / ((float) Math.sqrt(secondMoment[i]) + optimizer.epsilon());
        }
        state.average().ifPresent(average -> follow(average.values(), parameters, rule.averageWeight()));
    }

    private static void follow(float[] average, float[] parameters, float weight) {
        for (int i = 0; i < average.length; i++) {
            average[i] += weight * (parameters[i] - average[i]);
        }
    }
}
