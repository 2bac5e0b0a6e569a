package daegpu.engine.cuda.layers;

import daegpu.engine.Loss;

/**
 * The number of images of a training step, and how their losses are combined.
 *
 * @param count number of images
 * @param batch number of images of the whole batch, by which sums over images are divided
 * @param loss what training minimizes
 */
public record BatchShare(int count, int batch, Loss loss) {

    /**
     * The factor by which the sum of all losses is multiplied.
     *
     * @param imageSize number of values of an image
     */
    public float lossScale(int imageSize) {
        return 1f / ((float) batch * imageSize);
    }

    /**
     * The factor by which the derivative of each loss is multiplied. It includes the factor 2 of the squared error,
     * which kernels leave out.
     *
     * @param imageSize number of values of an image
     */
    public float gradientScale(int imageSize) {
        return (loss == Loss.MSE ? 2f : 1f) / ((float) batch * imageSize);
    }
}
