/**
 * What computes a network, and what all engines have in common. {@link daegpu.engine.Engines} opens one by name.
 * {@link daegpu.engine.Plan} says once in which order every engine runs the layers of a network, forward and backward;
 * losses, optimizers and precisions are values of this package. Activations and gradients are float32, {@code [batch,
 * height, width, channels]}.
 */
package daegpu.engine;
