/**
 * Computes layers by cuDNN and cuBLAS, with this program's kernels for what these do not compute.
 *
 * <p>The engine calls it; it calls {@code layers} and {@code driver}, and never {@code kernels}.
 */
package daegpu.engine.cuda.cudnn;
