/**
 * What corrupts images, and the generator that it draws from: Philox4x32-10, drawn as cuRAND draws it. The noise of a
 * value is a pure function of the seed, the image's number, the epoch and the value's place in the image, so it is the
 * same on every engine.
 */
package daegpu.noise;
