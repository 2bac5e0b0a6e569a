package daegpu.engine.reference;

import daegpu.bench.Operations;
import daegpu.bench.Work;
import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.Adam;
import daegpu.model.Architecture;
import daegpu.model.Initializer;
import daegpu.model.Layer;
import daegpu.noise.Noise;
import java.util.Random;

/** Time of single operations of the reference engine on one thread: a batch, image after image. */
public class ReferenceOperations extends Operations {

    @Override
    protected Runnable noise() {
        ImageSet digits = EmbeddedMnist.training(batchSize);
        Noise noise = Noise.gaussian(1, 0.5f, 0.5f);
        float[] clean = new float[batchSize * digits.imageSize()];
        float[] noisy = new float[clean.length];
        return () -> {
            for (int i = 0; i < batchSize; i++) {
                digits.scale(i, clean, i * digits.imageSize());
                noise.corrupt(i, 0, clean, noisy, i * digits.imageSize(), digits.imageSize());
            }
        };
    }

    @Override
    protected Runnable loss() {
        float[][][] outputs = images(batchSize, 28 * 28, 1);
        float[][][] clean = images(batchSize, 28 * 28, 1);
        float[][][] gradients = images(batchSize, 28 * 28, 1);
        return () -> {
            for (int i = 0; i < batchSize; i++) {
                MeanSquaredError.gradient(outputs[i], clean[i], batchSize * 28 * 28, gradients[i]);
            }
        };
    }

    @Override
    protected Runnable adam() {
        float[] parameters =
                Initializer.glorotUniform(Architecture.MNIST.network(), 1).values();
        float[] gradients = new float[parameters.length];
        Random random = new Random(1);
        for (int i = 0; i < gradients.length; i++) {
            gradients[i] = (float) random.nextGaussian() * 1e-3f;
        }
        float[] firstMoment = new float[parameters.length];
        float[] secondMoment = new float[parameters.length];
        return () -> AdamUpdate.apply(parameters, firstMoment, secondMoment, gradients, Adam.alpha(1e-3f, 1000));
    }

    @Override
    protected Runnable layer(Layer layer, String part) {
        Convolution convolution = Convolution.of(layer);
        boolean transposed = layer.operation() == Layer.Operation.TRANSPOSED_CONVOLUTION;
        int taps = convolution.kernelSize() * convolution.kernelSize();
        // Of the convolution, which for a transposed layer is the one whose gradient it is.
        float[][][] large = images(batchSize, convolution.height() * convolution.width(), convolution.channels());
        float[][][] small =
                images(batchSize, convolution.outputHeight() * convolution.outputWidth(), convolution.filters());
        float[][] kernel = images(1, taps * convolution.channels(), convolution.filters())[0];
        float[][] turned = new float[taps * convolution.filters()][convolution.channels()];
        convolution.turn(kernel, turned);
        return () -> {
            for (int i = 0; i < batchSize; i++) {
                switch (part) {
                    case Work.KERNEL_GRADIENT -> convolution.addKernelGradient(large[i], small[i], kernel);
                    case Work.FORWARD, Work.DATA_GRADIENT -> {
                        if (part.equals(Work.FORWARD) == transposed) {
                            convolution.addInputGradient(small[i], turned, large[i]);
                        } else {
                            convolution.addForward(large[i], kernel, small[i]);
                        }
                    }
                    default -> throw new IllegalArgumentException(part);
                }
            }
        };
    }

    /** Small values: what is added to again and again must not grow beyond a float within the time of a benchmark. */
    private static float[][][] images(int count, int pixels, int channels) {
        Random random = new Random(count + pixels);
        float[][][] images = new float[count][pixels][channels];
        for (float[][] image : images) {
            for (float[] pixel : image) {
                for (int c = 0; c < channels; c++) {
                    pixel[c] = (random.nextFloat() - 0.5f) * 1e-3f;
                }
            }
        }
        return images;
    }
}
