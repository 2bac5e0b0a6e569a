/**
 * Reads and writes the file formats of other programs: safetensors (the format of checkpoints), weights for Keras and
 * PyTorch, ONNX, latent vectors as CSV and NumPy arrays, and TensorBoard's event files.
 */
package daegpu.format;
