package daegpu.engine.cpu;

import daegpu.engine.Plan.GradientSum;
import daegpu.model.Layer.Activation;
import java.util.List;
import java.util.Optional;

/**
 * What follows a sum of products before it is written: {@code activation(products + what is there + added)}. oneDNN
 * does it within the primitive that makes the products ("post-operations").
 *
 * @param accumulates whether what is already there is added; else it is overwritten
 * @param added of the same shape as what is written
 * @param activation what is applied last
 */
record Epilogue(boolean accumulates, List<NativeArray> added, Activation activation) {

    /** Writes the products as they are. */
    static final Epilogue NONE = activation(Activation.LINEAR);

    /** An activation alone. */
    static Epilogue activation(Activation activation) {
        return new Epilogue(false, List.of(), activation);
    }

    /**
     * What follows the products of a layer's forward pass.
     *
     * @param added the layer's skip
     */
    static Epilogue forward(Optional<NativeArray> added, Activation activation) {
        return new Epilogue(false, added.stream().toList(), activation);
    }

    /** What follows those of a data gradient; the derivative of an activation is another primitive's. */
    static Epilogue dataGradient(GradientSum sum, PassMemory memory) {
        return new Epilogue(
                sum.accumulates(), sum.terms().stream().map(memory::gradient).toList(), Activation.LINEAR);
    }
}
