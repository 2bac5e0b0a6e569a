package daegpu.engine.cuda.layers;

import daegpu.engine.Plan.GradientSum;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import java.util.List;
import java.util.Optional;

/**
 * A gradient that is being summed, and where: the gradient at what a layer computed, before its activation.
 *
 * @param sum what the plan says about it
 * @param maker that layer
 * @param place the place of its weights; the sum of the complete gradient is the gradient of its bias
 * @param values its output
 * @param gradient receives the gradient
 * @param terms other gradients that are added
 */
public record GradientTarget(
        GradientSum sum,
        Layer maker,
        WeightPlace place,
        DeviceTensor values,
        DeviceTensor gradient,
        List<DeviceTensor> terms) {

    /** Whether the old values of the gradient are added. */
    public boolean accumulates() {
        return sum.accumulates();
    }

    /** The activation whose derivative is applied. */
    public Activation activation() {
        return sum.activation();
    }

    /** The layer's output, if the derivative of its activation is applied. */
    public Optional<DeviceTensor> activationValues() {
        return activation() == Activation.LINEAR ? Optional.empty() : Optional.of(values);
    }

    /**
     * Whether this writes the complete gradient of a convolution or transposed convolution with a bias, so that its
     * sums are the bias gradient.
     */
    public boolean completesBias() {
        return sum.isComplete() && maker.bias().isPresent() && maker.operation() != Operation.DENSE;
    }

    /** The part of the sum that adds the first of several terms. */
    public GradientTarget firstTerm() {
        return with(
                new GradientSum(sum.target(), sum.accumulates(), sum.terms().subList(0, 1), false, Activation.LINEAR),
                terms.subList(0, 1));
    }

    /** The rest of the sum, which is added to that part. */
    public GradientTarget withoutFirstTerm() {
        return with(
                new GradientSum(
                        sum.target(), true, sum.terms().subList(1, terms.size()), sum.isComplete(), sum.activation()),
                terms.subList(1, terms.size()));
    }

    /** The sum without its activation, and without what else is done when it is complete. */
    public GradientTarget withoutCompletion() {
        return with(new GradientSum(sum.target(), sum.accumulates(), sum.terms(), false, Activation.LINEAR), terms);
    }

    /** The rest after {@link #withoutCompletion}. */
    public GradientTarget completion() {
        return with(new GradientSum(sum.target(), true, List.of(), sum.isComplete(), sum.activation()), List.of());
    }

    private GradientTarget with(GradientSum newSum, List<DeviceTensor> newTerms) {
        return new GradientTarget(newSum, maker, place, values, gradient, newTerms);
    }
}
