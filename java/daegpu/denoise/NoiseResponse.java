package daegpu.denoise;

import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** What noise makes of each clean value on average, as far as a few thousand draws tell. */
final class NoiseResponse {

    private static final int STEPS = 32;
    private static final int DRAWS = 4096;

    /** Of the noisy values that a clean value becomes; from 0 to 1 in {@link #STEPS} steps. */
    private final float[] means = new float[STEPS + 1];

    private final float[] variances = new float[STEPS + 1];

    /** @param noise of one level */
    private NoiseResponse(Noise noise) {
        float[] values = new float[DRAWS];
        for (int i = 0; i <= STEPS; i++) {
            Arrays.fill(values, i / (float) STEPS);
            noise.corrupt(1, i, 0, values, values, 0, DRAWS);
            double sum = 0;
            double squares = 0;
            for (float value : values) {
                sum += value;
                squares += (double) value * value;
            }
            means[i] = (float) (sum / DRAWS);
            variances[i] = (float) (squares / DRAWS - sum / DRAWS * (sum / DRAWS));
        }
    }

    /** Those of the least level of a noise, the greatest, and the one between. */
    static List<NoiseResponse> of(Noise noise) {
        return Stream.of(noise.at(0), noise.at(0.5f), noise.at(1))
                .distinct()
                .map(NoiseResponse::new)
                .toList();
    }

    /** The mean of what a clean value from 0 to 1 becomes. */
    float mean(float clean) {
        return between(means, clean);
    }

    /** Its variance. */
    float variance(float clean) {
        return between(variances, clean);
    }

    private static float between(float[] table, float clean) {
        float place = clean * STEPS;
        int step = Math.min((int) place, STEPS - 1);
        return table[step] + (place - step) * (table[step + 1] - table[step]);
    }
}
