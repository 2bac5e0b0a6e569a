/**
 * Makes batches on the device from the images of a data set: scaled, corrupted, in the order of an epoch, and in the
 * layout that the first layer needs.
 *
 * <p>It does not depend on how layers are computed. The engine calls it; it calls {@code layers} for the layout of
 * images, and {@code driver}.
 */
package daegpu.engine.cuda.batch;
