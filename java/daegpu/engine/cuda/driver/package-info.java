/**
 * JCuda made safe: NVIDIA's libraries, a GPU, its memory, kernels and captured work. Every status is checked,
 * everything that is allocated has an owner that frees it, and what a user can cure is told in one line.
 *
 * <p>Knows nothing of images or layers. All other packages of {@code daegpu.engine.cuda} may call it; it calls none of
 * them.
 */
package daegpu.engine.cuda.driver;
