/**
 * A training from its options to its end: the loop over epochs and batches, the learning rate, the order of the images,
 * validation, checkpoints, and the folder that a run leaves. A run that was interrupted and resumed ends with the same
 * bytes as one that was not.
 */
package daegpu.train;
