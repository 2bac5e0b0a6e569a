/**
 * The engine on an NVIDIA GPU: what is trained and where it lies on the device, which GPU and which way to compute
 * layers is taken, and training steps as captured graphs.
 *
 * <p>{@link daegpu.engine.Engines} and the command line call it. It calls its own packages, in this order and never
 * back: {@code cudnn}, {@code kernels} and {@code batch}; then {@code layers}; then {@code driver}.
 */
package daegpu.engine.cuda;
