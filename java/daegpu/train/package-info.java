/**
 * Trains networks: the loop over epochs and batches, the learning rate, the order of the images, validation,
 * checkpoints, and the folder of a run. A run that was interrupted and resumed ends with the same bytes as one that was
 * not.
 */
package daegpu.train;
