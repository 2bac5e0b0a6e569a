package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.KernelStruct;

/**
 * {@code struct JointGrid} of include/layer_gradients.cuh: how the blocks of a launch are shared between a data
 * gradient and a weight gradient.
 *
 * @param dataBlocks number of blocks of the data gradient, which come first
 * @param dataAcross number of blocks of the data gradient in a row of its grid
 * @param dataDown number of rows of that grid
 * @param weightsAcross number of blocks of the weight gradient in a row of its grid
 * @param weightsDown number of rows of that grid
 */
record JointGrid(int dataBlocks, int dataAcross, int dataDown, int weightsAcross, int weightsDown)
        implements KernelStruct {

    @Override
    public int[] words() {
        return new int[] {dataBlocks, dataAcross, dataDown, weightsAcross, weightsDown};
    }
}
