/**
 * Denoises pictures of any size in bounded memory: by a network without dense layers as a whole, in tiles of any size
 * ({@link daegpu.denoise.WholePictureDenoiser}); by a network with dense layers in tiles of its own size, which are
 * blended ({@link daegpu.denoise.PhotoDenoiser}). It also denoises sets of images of one size, a few hundred at a time
 * ({@link daegpu.denoise.ImageDenoiser}).
 */
package daegpu.denoise;
