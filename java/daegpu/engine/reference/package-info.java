/**
 * Computes in plain loops, one method an operation, written to be read. Every other engine is compared with it; it also
 * runs where no other does.
 */
package daegpu.engine.reference;
