package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.KernelArguments;
import java.util.Optional;

/**
 * The arrays that a product reads and writes, in the order of {@code struct GemmOperands} of include/implicit_gemm.cuh.
 *
 * @param input the images that values are gathered from
 * @param weights the layer's kernel
 * @param bias the bias, of a layer forward that has one
 * @param added images of the output's shape that are added: a skip, or the gradient that it hands back
 * @param other the result of the activation whose gradient is computed, or the clean images for the loss
 * @param mask the weight of each value in the loss
 * @param output the images that are made
 * @param gradient the gradient of the loss at what the last layer computed
 * @param sums the column sums: {@link ImplicitGemm#sumRows} rows of {@link ImplicitGemm#sumsPitch} floats
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

    /** The operands of a layer forward. */
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
     * The operands of a data gradient.
     *
     * @param gradient the gradient at what the layer computed, before its activation
     * @param term another gradient that is added
     * @param layerInput the layer's input, through whose activation the gradient goes back
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
