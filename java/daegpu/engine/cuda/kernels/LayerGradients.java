package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import java.util.Optional;

/**
 * The data gradient and the weight gradient of a layer. Neither needs a result of the other, so one launch computes
 * both if there is a kernel for the two, as for every layer of the default network that needs both.
 */
record LayerGradients(ImplicitGemm data, WeightGradient weights) {

    /** The kernel that computes both in one launch, if there is one. */
    Optional<LayerKernel> joint() {
        return KernelChoice.ofBoth(data.kernel(), weights.kernel());
    }

    /**
     * Enqueues both on the device's stream.
     *
     * @param input the layer's input
     * @param gradient the gradient at what it computed, before its activation
     * @param kernel its weights
     * @param shares receives the shares of the weight gradient
     * @param term another gradient that is added to the data gradient
     * @param atInput receives the data gradient
     * @param sums receives the column sums of the data gradient, if they are a bias gradient
     */
    void launch(
            KernelLibrary kernels,
            SplitMemory split,
            DeviceArray input,
            DeviceArray gradient,
            DeviceArray kernel,
            DeviceArray shares,
            Optional<DeviceArray> term,
            DeviceArray atInput,
            Optional<DeviceArray> sums) {
        GemmOperands operands = GemmOperands.dataGradient(gradient, kernel, term, input, atInput, sums);
        Optional<LayerKernel> joint = joint();
        if (joint.isEmpty()) {
            data.launch(kernels, split, operands);
            weights.launch(kernels, input, gradient, shares);
            return;
        }
        KernelArguments arguments = data.addTo(new KernelArguments(), split, operands);
        weights.addTo(arguments, input, gradient, shares);
        arguments.add(new JointGrid(
                data.allBlocks(), data.blocks(), data.tileColumns(), weights.tileRows(), weights.tileColumns()));
        kernels.launch(joint.get(), Grid.blocks(data.allBlocks() + weights.allBlocks(), 1, 1), arguments);
    }
}
