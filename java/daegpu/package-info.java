/**
 * The interface for other Java programs: {@link daegpu.Training} trains a model, and {@link daegpu.Denoiser} denoises
 * with one. {@link daegpu.Main} is the command line.
 */
package daegpu;
