package daegpu.engine.cpu;

import daegpu.engine.Plan.GradientSum;
import daegpu.model.Layer.Activation;
import java.util.List;
import java.util.Optional;

/**
 * What is done with products before they are written: {@code activation(products + old values + added)}. oneDNN does
 * this within the primitive that makes the products ("post-operations").
 *
 * @param accumulates whether the old values are added; otherwise they are overwritten
 * @param added arrays of the same shape as what is written
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
     * The completion of a layer's forward pass.
     *
     * @param added the layer's skip, if it has one
     */
    static Completion forward(Optional<NativeArray> added, Activation activation) {
        return new Completion(false, added.stream().toList(), activation);
    }

    /** The completion of a data gradient. The derivative of the activation is left to another primitive. */
    static Completion dataGradient(GradientSum sum, PassMemory memory) {
        return new Completion(
                sum.accumulates(), sum.terms().stream().map(memory::gradient).toList(), Activation.LINEAR);
    }
}
