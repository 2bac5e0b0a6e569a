/**
 * What the two ways to compute layers have in common: how images lie in device memory, and the kernels of a step as a
 * whole.
 *
 * <p>{@code batch}, {@code cudnn}, {@code kernels} and the engine may call it; it calls {@code driver}.
 */
package daegpu.engine.cuda.layers;
