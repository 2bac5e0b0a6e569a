/**
 * A safe layer over JCuda: NVIDIA's libraries, a GPU, its memory, kernels and captured work. Every status is checked,
 * everything that is allocated has an owner that frees it, and problems that a user can cure are told in one line.
 *
 * <p>It does not depend on images or layers. All other packages of {@code daegpu.engine.cuda} may call it; it calls
 * none of them.
 */
package daegpu.engine.cuda.driver;
