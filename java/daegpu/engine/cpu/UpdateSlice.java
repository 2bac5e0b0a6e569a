package daegpu.engine.cpu;

import daegpu.engine.LearningRule;
import daegpu.engine.Optimizer;
import daegpu.engine.TrainingState;

/**
 * A part of the parameters for one thread. Sums the gradients of groups of shares and updates with the sum, block by
 * block, so that a block stays in the cache. See {@link Optimizer} and {@link LearningRule} for what an update does.
 */
final class UpdateSlice implements PairwiseSum.Slots {

    private static final int BLOCK = 4096;
    /**
     * If this is added and subtracted again, numbers that are too small to matter become zero. Otherwise the moments of
     * a unit that is never active decay to denormal numbers, with which a processor is many times slower.
     */
    private static final float FLUSH = 1e-20f;

    private final Optimizer optimizer;
    private final float averageWeight;
    private final int from;
    private final int to;
    private final NativeArray[] groups;
    private final float[] gradients;
    private final TrainingState state;
    private final NativeArray target;
    /** The slots except the first, which is in {@link #gradients}. */
    private final float[][] partialSums;

    // The current block.
    private int at;
    private int end;

    /**
     * Makes a slice of the parameters {@code from} (inclusive) to {@code to} (exclusive).
     *
     * @param groups the gradients of groups of shares
     * @param gradients receives their sum
     * @param state the state whose arrays an update changes
     * @param target receives the updated parameters
     */
    UpdateSlice(
            LearningRule rule,
            int from,
            int to,
            NativeArray[] groups,
            float[] gradients,
            TrainingState state,
            NativeArray target) {
        optimizer = rule.optimizer();
        averageWeight = rule.averageWeight();
        this.from = from;
        this.to = to;
        this.groups = groups;
        this.gradients = gradients;
        this.state = state;
        this.target = target;
        partialSums = new float[PairwiseSum.slots(groups.length) - 1][Math.min(BLOCK, to - from)];
    }

    /** Sums the gradients of the first {@code count} groups. */
    void sum(int count) {
        for (at = from; at < to; at = end) {
            end = Math.min(at + BLOCK, to);
            PairwiseSum.compute(count, this);
        }
    }

    /** Updates the parameters with given gradients. */
    void update(float[] given, float alpha, float decay) {
        for (at = from; at < to; at = end) {
            end = Math.min(at + BLOCK, to);
            updateBlock(given, alpha, decay);
        }
    }

    /**
     * Does both.
     *
     * @param alpha {@link Optimizer#alpha}
     * @param decay {@link Optimizer#decay}
     */
    void sumAndUpdate(int count, float alpha, float decay) {
        for (at = from; at < to; at = end) {
            end = Math.min(at + BLOCK, to);
            PairwiseSum.compute(count, this);
            updateBlock(gradients, alpha, decay);
        }
    }

    @Override
    public void put(int group, int slot) {
        if (slot == 0) {
            groups[group].read(at, gradients, at, end - at);
        } else {
            groups[group].read(at, partialSums[slot - 1], 0, end - at);
        }
    }

    @Override
    public void add(int fromSlot, int toSlot) {
        if (toSlot == 0) {
            add(partialSums[fromSlot - 1], gradients, at, end - at);
        } else {
            add(partialSums[fromSlot - 1], partialSums[toSlot - 1], 0, end - at);
        }
    }

    private static void add(float[] terms, float[] sums, int sumsAt, int length) {
        for (int i = 0; i < length; i++) {
            sums[sumsAt + i] += terms[i];
        }
    }

    private void updateBlock(float[] by, float alpha, float decay) {
        float[] parameters = state.parameters().values();
        update(
                optimizer,
                by,
                parameters,
                state.firstMoment().values(),
                state.secondMoment().values(),
                alpha,
                decay,
                at,
                end);
        target.write(at, parameters, at, end - at);
        if (state.average().isPresent()) {
            follow(state.average().get().values(), parameters, averageWeight, at, end);
        }
    }

    private static void update(
            Optimizer optimizer,
            float[] gradients,
            float[] parameters,
            float[] firstMoment,
            float[] secondMoment,
            float alpha,
            float decay,
            int at,
            int end) {
        float weight1 = optimizer.weight1();
        float weight2 = optimizer.weight2();
        float epsilon = optimizer.epsilon();
        for (int i = at; i < end; i++) {
            float gradient = gradients[i];
            float m = firstMoment[i] + (gradient - firstMoment[i]) * weight1;
            float v = secondMoment[i] + (gradient * gradient - secondMoment[i]) * weight2;
            m = (m + FLUSH) - FLUSH;
            v = (v + FLUSH) - FLUSH;
            firstMoment[i] = m;
            secondMoment[i] = v;
            float decayed = parameters[i] - decay * parameters[i];
            parameters[i] = decayed - alpha * m / ((float) Math.sqrt(v) + epsilon);
        }
    }

    private static void follow(float[] average, float[] parameters, float weight, int at, int end) {
        for (int i = at; i < end; i++) {
            average[i] += weight * (parameters[i] - average[i]);
        }
    }
}
