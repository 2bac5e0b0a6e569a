/**
 * What the two ways to compute layers have in common: the layout of images in device memory, and the kernels that
 * belong to a step as a whole.
 *
 * <p>{@code batch}, {@code cudnn}, {@code kernels} and the engine may call it; it calls {@code driver}.
 */
package daegpu.engine.cuda.layers;
