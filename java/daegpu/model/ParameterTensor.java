package daegpu.model;

import java.util.Arrays;

/**
 * Where one trainable tensor lies in the contiguous array of all parameters.
 *
 * @param name layer and kind: {@code conv1.kernel}, {@code output.bias}…
 * @param shape dimensions, of which the last varies fastest; see {@link Layer#kernelShape}
 * @param offset index of its first value
 */
public record ParameterTensor(String name, int[] shape, int offset) {

    /** Number of values in the tensor. */
    public int size() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    /** Index of the value after its last. */
    public int end() {
        return Math.addExact(offset, size());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ParameterTensor tensor
                && name.equals(tensor.name)
                && Arrays.equals(shape, tensor.shape)
                && offset == tensor.offset;
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + offset;
    }
}
