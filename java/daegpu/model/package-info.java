/**
 * Networks: {@link daegpu.model.Network} is a graph of layers; {@link daegpu.model.Architecture} decides its layers,
 * for an autoencoder or a U-Net; further types are its parameters, their initial values, and the geometry of
 * convolutions. Kernels of convolutions are {@code [height, width, input channels, output channels]}, those of
 * transposed ones {@code [height, width, output channels, input channels]}, those of dense layers {@code [inputs,
 * outputs]}, as in Keras.
 */
package daegpu.model;
