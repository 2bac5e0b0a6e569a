/**
 * Pictures of any size through a network, in bounded memory: as a whole, in tiles of any size, where the network has no
 * dense layer ({@link daegpu.denoise.WholePictureDenoiser}); in tiles of its own size that are blended, where it has
 * one ({@link daegpu.denoise.PhotoDenoiser}). And images of bytes, a few hundred at a time.
 */
package daegpu.denoise;
