package daegpu.parity;

import daegpu.engine.EngineName;
import daegpu.engine.Precision;

/**
 * How far an engine may be from recorded values: relative to the largest magnitude in a tensor. Adam turns a gradient
 * near zero into a step of either sign, so of the parameters after some updates only {@value #SHARE_OF_PARAMETERS} of
 * the elements must be within their bound, and all within the length of two such walks, 2·learning rate·updates.
 *
 * @param values bound for activations, gradients and losses
 * @param parameters bound for parameters after training steps
 */
public record Tolerance(double values, double parameters) {

    /** The part of the elements that must be within {@link #parameters}. */
    public static final double SHARE_OF_PARAMETERS = 0.99;

    /** Bound for Adam alone, given the same gradients: it is checked to the last bits of float32. */
    public static final double ADAM = 1e-6;

    /** The bounds for an engine by its name and precision. */
    public static Tolerance of(EngineName engine, Precision precision) {
        if (precision != Precision.FP32) {
            return new Tolerance(2e-2, 5e-2);
        }
        return engine == EngineName.REFERENCE ? new Tolerance(2e-5, 1e-4) : new Tolerance(1e-4, 1e-4);
    }
}
