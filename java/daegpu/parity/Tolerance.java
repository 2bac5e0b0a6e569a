package daegpu.parity;

import daegpu.engine.EngineName;
import daegpu.engine.Precision;
import java.util.Map;

/**
 * How far an engine may be from recorded values, relative to the largest magnitude in a tensor. What updates have added
 * to parameters is compared, not the parameters themselves, which are much larger. Adam turns a gradient near zero into
 * a step of either sign, so {@value #SHARE_OF_UPDATES} of the elements must be within their bound, and all within the
 * length of two such walks, 2·learning rate·updates.
 *
 * @param values bound for activations, gradients and losses
 * @param updates bound for what training steps add to parameters
 * @param named bounds that single tensors have instead, by the names of the comparisons of {@link Parity#replay}
 */
public record Tolerance(double values, double updates, Map<String, Double> named) {

    /** The part of the elements that must be within {@link #updates}. */
    public static final double SHARE_OF_UPDATES = 0.99;

    /** Bound for an update alone, given the same gradients: a few units in the last place of float32. */
    public static final double UPDATE = 1e-6;

    /** A tolerance with the same bounds for all tensors. */
    public Tolerance(double values, double updates) {
        this(values, updates, Map.of());
    }

    /** The same tolerance with other bounds for single tensors. */
    public Tolerance except(Map<String, Double> others) {
        return new Tolerance(values, updates, others);
    }

    /** The bound for activations, a gradient or losses. */
    double ofValues(String name) {
        return named.getOrDefault(name, values);
    }

    /** The bound for what training steps added to a parameter. */
    double ofUpdates(String name) {
        return named.getOrDefault(name, updates);
    }

    /** The tolerance for an engine in a precision. */
    public static Tolerance of(EngineName engine, Precision precision) {
        if (precision != Precision.FP32) {
            return new Tolerance(2e-2, 5e-2);
        }
        return engine == EngineName.REFERENCE ? new Tolerance(2e-5, 1e-4) : new Tolerance(1e-4, 1e-4);
    }
}
