package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.KernelArguments;
import java.util.Optional;

/**
 * What a product takes and leaves, in the order of {@code struct GemmOperands} of include/implicit_gemm.cuh.
 *
 * @param input what values are gathered from
 * @param weights the layer's kernel
 * @param bias of the layer forward, if it has one
 * @param added images of the output's shape that are added: a skip, or its gradient
 * @param other what the activation put out whose gradient is found, or the clean images of the loss
 * @param mask the weight of each value in the loss
 * @param output the images that are made
 * @param gradient of the loss, at what the last layer computed
 * @param sums of columns: {@link ImplicitGemm#sumRows} rows of {@link ImplicitGemm#sumsPitch} floats
 * @param losses {@link ImplicitGemm#losses} sums of losses
 */
record GemmOperands(
        DeviceArray input,
        DeviceArray weights,
        Optional<DeviceArray> bias,
        Optional<DeviceArray> added,
        Optional<DeviceArray> other,
        Optional<DeviceArray> mask,
        DeviceArray output,
        Optional<DeviceArray> gradient,
        Optional<DeviceArray> sums,
        Optional<DeviceArray> losses) {

    /** Of a layer forward. */
    static GemmOperands forward(
            DeviceArray input,
            DeviceArray weights,
            Optional<DeviceArray> bias,
            Optional<DeviceArray> added,
            DeviceArray output) {
        return new GemmOperands(
                input,
                weights,
                bias,
                added,
                Optional.empty(),
                Optional.empty(),
                output,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** The same of the last layer, with the loss. */
    GemmOperands withLoss(
            DeviceArray clean,
            Optional<DeviceArray> newMask,
            DeviceArray newGradient,
            Optional<DeviceArray> newSums,
            DeviceArray newLosses) {
        return new GemmOperands(
                input,
                weights,
                bias,
                added,
                Optional.of(clean),
                newMask,
                output,
                Optional.of(newGradient),
                newSums,
                Optional.of(newLosses));
    }

    /**
     * Of a data gradient.
     *
     * @param gradient at what the layer computed, before its activation
     * @param term another gradient that is added
     * @param layerInput what the layer took in, of which an activation's gradient is found
     * @param atInput receives the gradient
     */
    static GemmOperands dataGradient(
            DeviceArray gradient,
            DeviceArray weights,
            Optional<DeviceArray> term,
            DeviceArray layerInput,
            DeviceArray atInput,
            Optional<DeviceArray> sums) {
        return new GemmOperands(
                gradient,
                weights,
                Optional.empty(),
                term,
                Optional.of(layerInput),
                Optional.empty(),
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
                .add(added)
                .add(other)
                .add(mask)
                .add(output)
                .add(gradient)
                .add(sums)
                .add(losses);
    }
}
