package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.KernelArguments;
import java.util.Optional;

/**
 * What a product takes and leaves, in the order of {@code struct GemmOperands} of include/implicit_gemm.cuh.
 *
 * @param input what values are gathered from
 * @param weights the layer's kernel
 * @param bias of the layer, where the epilogue adds one
 * @param other what the ReLU put out whose gradient is found, or the clean images of the loss
 * @param output the images that are made
 * @param gradient of the loss, at what the last layer computed
 * @param sums of columns: {@link ImplicitGemm#sumRows} rows of {@link ImplicitGemm#sumsPitch} floats
 * @param squares {@link ImplicitGemm#squares} sums of squared errors of the loss
 */
record GemmOperands(
        DeviceArray input,
        DeviceArray weights,
        Optional<DeviceArray> bias,
        Optional<DeviceArray> other,
        DeviceArray output,
        Optional<DeviceArray> gradient,
        Optional<DeviceArray> sums,
        Optional<DeviceArray> squares) {

    /** Of a layer forward. */
    static GemmOperands forward(DeviceArray input, DeviceArray weights, DeviceArray bias, DeviceArray output) {
        return new GemmOperands(
                input,
                weights,
                Optional.of(bias),
                Optional.empty(),
                output,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** Of the last layer with its loss. */
    static GemmOperands loss(
            DeviceArray input,
            DeviceArray weights,
            DeviceArray bias,
            DeviceArray clean,
            DeviceArray output,
            DeviceArray gradient,
            DeviceArray sums,
            DeviceArray squares) {
        return new GemmOperands(
                input,
                weights,
                Optional.of(bias),
                Optional.of(clean),
                output,
                Optional.of(gradient),
                Optional.of(sums),
                Optional.of(squares));
    }

    /**
     * Of a data gradient.
     *
     * @param gradient at what the layer computed, before its activation
     * @param layerInput what the layer took in, of which a ReLU's gradient is found
     * @param atInput receives the gradient
     */
    static GemmOperands dataGradient(
            DeviceArray gradient,
            DeviceArray weights,
            DeviceArray layerInput,
            DeviceArray atInput,
            Optional<DeviceArray> sums) {
        return new GemmOperands(
                gradient,
                weights,
                Optional.empty(),
                Optional.of(layerInput),
                atInput,
                Optional.empty(),
                sums,
                Optional.empty());
    }

    void addTo(KernelArguments arguments) {
        arguments
                .add(input)
                .add(weights)
                .add(bias)
                .add(other)
                .add(output)
                .add(gradient)
                .add(sums)
                .add(squares);
    }
}
