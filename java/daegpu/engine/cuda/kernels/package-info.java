/**
 * Computes layers by this program's own kernels ({@link daegpu.engine.Convolutions#NATIVE}), which need no library but
 * the driver. cuda/NATIVE.md describes them and why they are as they are.
 *
 * <p>The engine calls it; it calls {@code layers} and {@code driver}, and never {@code cudnn}.
 */
package daegpu.engine.cuda.kernels;
