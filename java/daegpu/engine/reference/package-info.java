/**
 * Computes in plain loops, with one method for each operation. They are written to be read. Every other engine is
 * compared with this one; it also runs where no other does.
 */
package daegpu.engine.reference;
