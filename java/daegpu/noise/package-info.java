/**
 * The noise that corrupts images, and the generator of its random numbers: Philox4x32-10, as cuRAND computes it. The
 * noise of a value is a pure function of the seed, the index of the image, the epoch and the place of the value in the
 * image, so it is the same on every engine.
 */
package daegpu.noise;
