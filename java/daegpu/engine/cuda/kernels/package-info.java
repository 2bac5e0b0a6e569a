/**
 * Layers by this program's own kernels: {@link daegpu.engine.Convolutions#NATIVE}, which need nothing but the driver.
 * cuda/NATIVE.md says how they came to be as they are.
 *
 * <p>The engine calls it; it calls {@code layers} and {@code driver}, and never {@code cudnn}.
 */
package daegpu.engine.cuda.kernels;
