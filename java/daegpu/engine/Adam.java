package daegpu.engine;

/**
 * The constants of Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015) and its step size in
 * Keras's form, which takes ε outside the bias correction: {@code p −= α·m / (sqrt(v) + ε)}.
 */
public final class Adam {

    /** Decay of the first moment. */
    public static final double BETA_1 = 0.9;
    /** Decay of the second moment. */
    public static final double BETA_2 = 0.999;
    /** ε, which keeps the quotient finite. */
    public static final float EPSILON = 1e-7f;

    private Adam() {}

    /**
     * The step size with both bias corrections: {@code α = lr·sqrt(1 − β₂ᵗ) / (1 − β₁ᵗ)}, where the powers are those of
     * float32 constants, rounded to float32, as Keras computes them.
     *
     * @param step number of the update that is being made, counted from 1
     */
    public static float alpha(float learningRate, long step) {
        float power1 = (float) Math.pow((float) BETA_1, step);
        float power2 = (float) Math.pow((float) BETA_2, step);
        return learningRate * (float) Math.sqrt(1 - power2) / (1 - power1);
    }
}
