package daegpu.engine;

import java.util.OptionalDouble;

/**
 * How a network learns: what it minimizes, and what an update does.
 *
 * @param loss what training minimizes
 * @param optimizer what an update does with a gradient
 * @param averageDecay d of the exponential moving average a of the parameters p, which begins as the initial parameters
 *     and changes with each update by {@code a += (1 − d)·(p − a)}; empty for no average. If there is one, it is what
 *     validates and denoises, instead of the parameters.
 */
public record LearningRule(Loss loss, Optimizer optimizer, OptionalDouble averageDecay) {

    /** Mean squared error by Adam, without an average. */
    public static final LearningRule DEFAULT = new LearningRule(Loss.MSE, Optimizer.ADAM, OptionalDouble.empty());

    /** @throws IllegalArgumentException if the decay is not more than 0 and less than 1 */
    public LearningRule {
        averageDecay.ifPresent(decay -> {
            if (!(decay > 0 && decay < 1)) {
                throw new IllegalArgumentException(
                        "the decay of the average must be more than 0 and less than 1, not " + decay);
            }
        });
    }

    /** {@code 1 − d} in float32, the weight of new parameters in the average; 0 if there is no average. */
    public float averageWeight() {
        return averageDecay.isPresent() ? (float) (1 - averageDecay.getAsDouble()) : 0;
    }
}
