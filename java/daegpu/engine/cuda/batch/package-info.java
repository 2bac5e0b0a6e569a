/**
 * From the images of a data set to a batch on the device: scaled, corrupted, in the order of an epoch, and as the first
 * layer wants it.
 *
 * <p>Knows nothing of how layers are computed. The engine calls it; it calls {@code layers} for how images lie in
 * memory, and {@code driver}.
 */
package daegpu.engine.cuda.batch;
