/**
 * Trains denoising autoencoders and denoises from other Java programs: {@link daegpu.Training} makes a model,
 * {@link daegpu.Denoiser} uses one. {@link daegpu.Main} is the command line.
 */
package daegpu;
