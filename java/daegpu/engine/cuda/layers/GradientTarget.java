package daegpu.engine.cuda.layers;

import daegpu.model.Layer;

/**
 * Where a layer's data gradient goes: to the layer that made what it takes in, through the activation of that.
 *
 * @param maker that layer
 * @param place its weights, whose bias gradient is the sum of what is written
 * @param output what it put out
 * @param gradient receives the gradient at what it computed, before its activation
 */
public record GradientTarget(Layer maker, WeightPlace place, DeviceTensor output, DeviceTensor gradient) {}
