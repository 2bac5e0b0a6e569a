package daegpu.engine.cpu;

import daegpu.engine.Plan.GradientSum;
import daegpu.model.Layer.Activation;
import java.util.List;
import java.util.Optional;

/**
 * What completes a sum of products before it is written: {@code activation(products + what is there + added)}. oneDNN
 * does it within the primitive that makes the products ("post-operations").
 *
 * @param accumulates whether what is already there is added; else it is overwritten
 * @param added of the same shape as what is written
 * @param activation what is applied last
 */
record Completion(boolean accumulates, List<NativeArray> added, Activation activation) {

    /** Writes the products as they are. */
    static final Completion NONE = activation(Activation.LINEAR);

    /** An activation alone. */
    static Completion activation(Activation activation) {
        return new Completion(false, List.of(), activation);
    }

    /**
     * What completes the products of a layer's forward pass.
     *
     * @param added the layer's skip
     */
    static Completion forward(Optional<NativeArray> added, Activation activation) {
        return new Completion(false, added.stream().toList(), activation);
    }

    /** What completes those of a data gradient; the derivative of an activation is another primitive's. */
    static Completion dataGradient(GradientSum sum, PassMemory memory) {
        return new Completion(
                sum.accumulates(), sum.terms().stream().map(memory::gradient).toList(), Activation.LINEAR);
    }
}
