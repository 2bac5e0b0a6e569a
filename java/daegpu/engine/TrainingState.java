package daegpu.engine;

import daegpu.model.Network;
import daegpu.model.Parameters;
import java.util.Optional;

/**
 * Everything that training changes, and thus all that an engine needs to continue where another one stopped.
 *
 * @param parameters weights and biases
 * @param firstMoment Adam's m, the running mean of the gradients (Keras: momentum)
 * @param secondMoment Adam's v, the running mean of their squares (Keras: velocity)
 * @param average the exponential moving average of the parameters, if the learning rule has one
 * @param step number of updates done so far
 */
public record TrainingState(
        Parameters parameters,
        Parameters firstMoment,
        Parameters secondMoment,
        Optional<Parameters> average,
        long step) {

    /** A state without an average. */
    public TrainingState(Parameters parameters, Parameters firstMoment, Parameters secondMoment, long step) {
        this(parameters, firstMoment, secondMoment, Optional.empty(), step);
    }

    /** A state in which no update was done yet. */
    public static TrainingState initial(Parameters parameters) {
        Network network = parameters.network();
        return new TrainingState(parameters, new Parameters(network), new Parameters(network), 0);
    }

    /** What denoises: the average if there is one, else the parameters. */
    public Parameters weights() {
        return average.orElse(parameters);
    }

    /**
     * The same state with an average if {@code rule} has one (which begins as the parameters if this state has none),
     * else without.
     */
    public TrainingState under(LearningRule rule) {
        Optional<Parameters> fitting = rule.averageDecay().isEmpty()
                ? Optional.empty()
                : Optional.of(average.orElse(parameters).copy());
        return new TrainingState(parameters, firstMoment, secondMoment, fitting, step);
    }

    /** An independent copy. */
    public TrainingState copy() {
        return new TrainingState(
                parameters.copy(), firstMoment.copy(), secondMoment.copy(), average.map(Parameters::copy), step);
    }
}
