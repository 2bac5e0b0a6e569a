package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.KernelStruct;

/**
 * {@code struct JointGrid} of include/layer_gradients.cuh: how the blocks of a launch are shared between a data
 * gradient and a weight gradient.
 *
 * @param dataBlocks of the data gradient, which come first
 * @param dataAcross of them in a row
 * @param dataDown rows of them
 * @param weightsAcross blocks of the weight gradient in a row
 * @param weightsDown rows of them
 */
record JointGrid(int dataBlocks, int dataAcross, int dataDown, int weightsAcross, int weightsDown)
        implements KernelStruct {

    @Override
    public int[] words() {
        return new int[] {dataBlocks, dataAcross, dataDown, weightsAcross, weightsDown};
    }
}
