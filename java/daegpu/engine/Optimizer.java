package daegpu.engine;

/**
 * Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015) in Keras's form, which takes ε outside the
 * bias correction, with decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019).
 * An update with the gradient g:
 *
 * <pre>
 * p −= lr·λ·p
 * m += (g − m)·(1 − β₁)
 * v += (g² − v)·(1 − β₂)
 * p −= α·m / (sqrt(v) + ε),   α = lr·sqrt(1 − β₂ᵗ) / (1 − β₁ᵗ)
 * </pre>
 *
 * @param beta1 β₁, decay of the first moment m
 * @param beta2 β₂, decay of the second moment v
 * @param epsilon ε, keeps the quotient finite
 * @param weightDecay λ; 0 for plain Adam
 */
public record Optimizer(double beta1, double beta2, float epsilon, double weightDecay) {

    /** Adam with Keras's constants: β₁ 0.9, β₂ 0.999, ε 1e-7, no weight decay. */
    public static final Optimizer ADAM = new Optimizer(0.9, 0.999, 1e-7f, 0);

    /** @throws IllegalArgumentException if a constant is out of range */
    public Optimizer {
        requireDecay("beta 1", beta1);
        requireDecay("beta 2", beta2);
        if (!(epsilon > 0 && Float.isFinite(epsilon))) {
            throw new IllegalArgumentException("epsilon must be positive, not " + epsilon);
        }
        if (!(weightDecay >= 0 && Double.isFinite(weightDecay))) {
            throw new IllegalArgumentException("the weight decay must be 0 or more, not " + weightDecay);
        }
    }

    private static void requireDecay(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(name + " must be at least 0 and less than 1, not " + value);
        }
    }

    /** AdamW: Adam with decoupled weight decay. */
    public static Optimizer adamW(double weightDecay) {
        return new Optimizer(ADAM.beta1, ADAM.beta2, ADAM.epsilon, weightDecay);
    }

    /**
     * The step size α with both bias corrections. The powers are those of float32 constants, rounded to float32, as
     * Keras computes them.
     *
     * @param step number of the update that is being made, counted from 1
     */
    public float alpha(float learningRate, long step) {
        float power1 = (float) Math.pow((float) beta1, step);
        float power2 = (float) Math.pow((float) beta2, step);
        return learningRate * (float) Math.sqrt(1 - power2) / (1 - power1);
    }

    /** {@code 1 − β₁} in float32: the weight of a new gradient in the first moment. */
    public float weight1() {
        return (float) (1 - beta1);
    }

    /** {@code 1 − β₂} in float32: the weight of the square of a new gradient in the second moment. */
    public float weight2() {
        return (float) (1 - beta2);
    }

    /** {@code lr·λ} in float32: the part of each parameter that an update subtracts first. */
    public float decay(float learningRate) {
        return learningRate * (float) weightDecay;
    }
}
