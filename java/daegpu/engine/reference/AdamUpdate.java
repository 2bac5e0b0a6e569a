package daegpu.engine.reference;

import daegpu.engine.Adam;

/** One update of Adam, written out; see {@link Adam} for its constants. */
final class AdamUpdate {

    private AdamUpdate() {}

    /**
     * {@code m += (g − m)(1 − β₁)}, {@code v += (g² − v)(1 − β₂)}, {@code p −= α·m / (sqrt(v) + ε)}.
     *
     * @param alpha see {@link Adam#alpha}
     */
    static void apply(float[] parameters, float[] firstMoment, float[] secondMoment, float[] gradients, float alpha) {
        float weight1 = (float) (1 - Adam.BETA_1);
        float weight2 = (float) (1 - Adam.BETA_2);
        for (int i = 0; i < parameters.length; i++) {
            float gradient = gradients[i];
            firstMoment[i] += (gradient - firstMoment[i]) * weight1;
            secondMoment[i] += (gradient * gradient - secondMoment[i]) * weight2;
            parameters[i] -= alpha * firstMoment[i] / ((float) Math.sqrt(secondMoment[i]) + Adam.EPSILON);
        }
    }
}
