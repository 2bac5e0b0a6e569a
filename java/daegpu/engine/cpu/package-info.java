/**
 * Computes on the processor with oneDNN, which is called through JavaCPP. A batch is divided into shares of 8 images,
 * one thread each; the noise, the loss, the last layer and the update are loops of this package.
 */
package daegpu.engine.cpu;
