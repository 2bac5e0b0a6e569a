/**
 * Files of other programs: safetensors (which checkpoints are, too), weights for Keras and PyTorch, ONNX, latent
 * vectors as CSV and NumPy arrays, and TensorBoard's event files.
 */
package daegpu.format;
