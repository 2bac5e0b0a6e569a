/** Figures of images and vectors: PSNR, SSIM, principal components. */
package daegpu.metrics;
