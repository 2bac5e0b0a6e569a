package daegpu.engine;

import daegpu.model.Network;
import daegpu.model.Parameters;

/**
 * Everything that training changes, and so all that an engine needs to go on where another stopped.
 *
 * @param parameters weights and biases
 * @param firstMoment Adam's m, the running mean of the gradients (Keras: momentum)
 * @param secondMoment Adam's v, the running mean of their squares (Keras: velocity)
 * @param step updates done so far
 */
public record TrainingState(Parameters parameters, Parameters firstMoment, Parameters secondMoment, long step) {

    /** A state in which no update was done yet. */
    public static TrainingState initial(Parameters parameters) {
        Network network = parameters.network();
        return new TrainingState(parameters, new Parameters(network), new Parameters(network), 0);
    }

    /** An independent copy. */
    public TrainingState copy() {
        return new TrainingState(parameters.copy(), firstMoment.copy(), secondMoment.copy(), step);
    }
}
