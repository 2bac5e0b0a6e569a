package daegpu.engine;

import daegpu.model.Tensor;

/** A training engine that can be compared with another one, step by step and value by value. */
public interface InspectableEngine extends TrainingEngine {

    /**
     * One update on given values instead of the data set's.
     *
     * @param batch at most as many images as the engine was opened for
     * @throws IllegalArgumentException if it has none or more, or its mask has weights below 0 or zeros only
     */
    void trainStep(GivenBatch batch, float learningRate);

    /**
     * What a layer put out in the last training step on given values, {@code [count, height, width, channels]}.
     *
     * @param tensor what a layer of the network puts out
     */
    float[] activation(Tensor tensor);
}
