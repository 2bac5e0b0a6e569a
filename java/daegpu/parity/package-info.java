/**
 * Compares an engine with values that Keras or the reference engine recorded, tensor by tensor: activations, gradients
 * and the parameters after some updates.
 */
package daegpu.parity;
