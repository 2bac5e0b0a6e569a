/**
 * Engines compute networks; this package has their interfaces and what all of them have in common.
 * {@link daegpu.engine.Engines} opens an engine by name. {@link daegpu.engine.Plan} decides in which order every engine
 * runs the layers of a network, forward and backward. Losses, optimizers and precisions are types of this package.
 * Activations and gradients are float32, {@code [batch, height, width, channels]}.
 */
package daegpu.engine;
