package daegpu.engine.cuda.layers;

import daegpu.engine.LearningRule;
import daegpu.engine.Optimizer;
import daegpu.engine.cuda.driver.KernelStruct;

/**
 * {@code struct UpdateRule} of include/adam.cuh: the constants of an update.
 *
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param weight1 1 − β₁
 * @param weight2 1 − β₂
 * @param epsilon keeps the quotient finite
 * @param weightDecay λ of AdamW
 * @param averageWeight weight of the new parameters in their average
 */
public record UpdateRule(
        float beta1, float beta2, float weight1, float weight2, float epsilon, float weightDecay, float averageWeight)
        implements KernelStruct {

    /** The constants of a learning rule. */
    public static UpdateRule of(LearningRule rule) {
        Optimizer optimizer = rule.optimizer();
        return new UpdateRule(
                (float) optimizer.beta1(),
                (float) optimizer.beta2(),
                optimizer.weight1(),
                optimizer.weight2(),
                optimizer.epsilon(),
                (float) optimizer.weightDecay(),
                rule.averageWeight());
    }

    @Override
    public int[] words() {
        return new int[] {
            Float.floatToRawIntBits(beta1),
            Float.floatToRawIntBits(beta2),
            Float.floatToRawIntBits(weight1),
            Float.floatToRawIntBits(weight2),
            Float.floatToRawIntBits(epsilon),
            Float.floatToRawIntBits(weightDecay),
            Float.floatToRawIntBits(averageWeight)
        };
    }
}
