/** Measures of images and vectors: PSNR, SSIM and principal components. */
package daegpu.metrics;
