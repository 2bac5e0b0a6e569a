package daegpu.engine;

import daegpu.model.Tensor;

/** A training engine that can be compared with another one, step by step and value by value. */
public interface InspectableEngine extends TrainingEngine {

    /**
     * Makes one update on given images instead of those of a data set.
     *
     * @param batch at most as many images as the engine was opened for
     * @throws IllegalArgumentException if it has no images or more than that, or its mask has a weight below 0, or only
     *     zeros
     */
    void trainStep(GivenBatch batch, float learningRate);

    /**
     * The output of a layer in the last training step on given images, {@code [count, height, width, channels]}.
     *
     * @param tensor the output of a layer of the network
     */
    float[] activation(Tensor tensor);
}
