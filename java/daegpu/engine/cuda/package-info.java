/**
 * The engine for NVIDIA GPUs. It holds what is trained and decides its layout on the device, chooses the GPU and the
 * way to compute layers, and captures training steps as graphs.
 *
 * <p>{@link daegpu.engine.Engines} and the command line call it. It calls its own packages, which call each other only
 * in this order: {@code cudnn}, {@code kernels} and {@code batch}; then {@code layers}; then {@code driver}.
 */
package daegpu.engine.cuda;
