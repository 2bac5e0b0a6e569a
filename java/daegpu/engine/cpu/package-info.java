/**
 * Computes on the processor with oneDNN, which is called through JavaCPP. A batch is divided into shares of 8 images,
 * each of which is computed by one thread. Noise, loss, update and the kernel of the last layer are loops of this
 * package.
 */
package daegpu.engine.cpu;
