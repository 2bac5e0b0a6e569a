package daegpu.engine.cuda.layers;

import daegpu.engine.Loss;

/**
 * The images of a training step, and how their losses are taken together.
 *
 * @param count images
 * @param batch images of the whole batch, by which sums over images are divided
 * @param loss what training makes small
 */
public record BatchShare(int count, int batch, Loss loss) {

    /**
     * What the sum of all losses is multiplied by.
     *
     * @param imageSize values of an image
     */
    public float lossScale(int imageSize) {
        return 1f / ((float) batch * imageSize);
    }

    /**
     * What the derivative of each loss is multiplied by; kernels leave the factor 2 of the squared error to this.
     *
     * @param imageSize values of an image
     */
    public float gradientScale(int imageSize) {
        return (loss == Loss.MSE ? 2f : 1f) / ((float) batch * imageSize);
    }
}
