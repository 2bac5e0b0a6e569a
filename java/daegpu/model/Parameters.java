package daegpu.model;

import java.util.Arrays;

/**
 * One float for each trainable value of a network, in one contiguous array: the weights themselves, or anything shaped
 * like them, such as their gradients or Adam's moments. Several threads may use it only while none of them writes.
 */
public final class Parameters {

    private final Network network;
    private final float[] values;

    /** Parameters that are all zero. */
    public Parameters(Network network) {
        this(network, new float[network.parameterCount()]);
    }

    /**
     * Wraps {@code values}, laid out as {@link Network#parameterTensors()} says, without copying.
     *
     * @throws IllegalArgumentException if the network has another number of parameters
     */
    public Parameters(Network network, float[] values) {
        if (values.length != network.parameterCount()) {
            throw new IllegalArgumentException(
                    "this network has " + network.parameterCount() + " parameters, not " + values.length);
        }
        this.network = network;
        this.values = values;
    }

    /** The network that the parameters belong to. */
    public Network network() {
        return network;
    }

    /** The array itself, not a copy. */
    public float[] values() {
        return values;
    }

    /**
     * A copy of the tensor called {@code name}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public float[] get(String name) {
        ParameterTensor tensor = tensor(name);
        return Arrays.copyOfRange(values, tensor.offset(), tensor.offset() + tensor.size());
    }

    /**
     * Overwrites the tensor called {@code name}.
     *
     * @throws IllegalArgumentException if there is none or its size differs
     */
    public void set(String name, float[] tensorValues) {
        ParameterTensor tensor = tensor(name);
        if (tensorValues.length != tensor.size()) {
            throw new IllegalArgumentException(name + " has " + tensor.size() + " values, not " + tensorValues.length);
        }
        System.arraycopy(tensorValues, 0, values, tensor.offset(), tensor.size());
    }

    /**
     * The same values for the same network in another size, without copying.
     *
     * @throws IllegalArgumentException if the number of parameters differs
     */
    public Parameters on(Network sized) {
        return new Parameters(sized, values);
    }

    /** An independent copy. */
    public Parameters copy() {
        return new Parameters(network, values.clone());
    }

    private ParameterTensor tensor(String name) {
        return network.parameterTensors().stream()
                .filter(tensor -> tensor.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("this network has no parameter " + name));
    }
}
