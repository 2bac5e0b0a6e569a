/**
 * What a network is: {@link daegpu.model.Network}, a graph of layers; {@link daegpu.model.Architecture}, what decides
 * its layers, for an autoencoder or a U-Net; its parameters, how they begin, and the geometry of convolutions. Kernels
 * of convolutions are {@code [height, width, input channels, output channels]}, those of transposed ones
 * {@code [height, width, output channels, input channels]}, those of dense layers {@code [inputs, outputs]}, as in
 * Keras.
 */
package daegpu.model;
