package daegpu.engine.reference;

import daegpu.bench.Operations;
import daegpu.bench.Work;
import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Initializer;
import daegpu.model.Layer;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import java.util.Random;

/** Time of single operations of the reference engine on one thread: a batch, image after image. */
public class ReferenceOperations extends Operations {

    @Override
    protected Runnable noise() {
        ImageSet digits = EmbeddedMnist.training(batchSize);
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        float[] clean = new float[batchSize * digits.imageSize()];
        float[] noisy = new float[clean.length];
        return () -> {
            for (int i = 0; i < batchSize; i++) {
                digits.scale(i, clean, i * digits.imageSize());
                noise.corrupt(1, i, 0, clean, noisy, i * digits.imageSize(), digits.imageSize());
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
                BatchLoss.gradient(Loss.MSE, outputs[i], clean[i], null, batchSize * 28 * 28, gradients[i]);
            }
        };
    }

    @Override
    protected Runnable adam() {
        Parameters parameters = Initializer.glorotUniform(Autoencoder.MNIST.network(), 1);
        float[] gradients = new float[parameters.values().length];
        Random random = new Random(1);
        for (int i = 0; i < gradients.length; i++) {
            gradients[i] = (float) random.nextGaussian() * 1e-3f;
        }
        TrainingState state = TrainingState.initial(parameters);
        return () -> Update.apply(LearningRule.DEFAULT, state, gradients, 1e-3f, 1000);
    }

    @Override
    protected Runnable layer(Layer layer, String part) {
        ConvolutionGeometry convolution = layer.geometry();
        ConvolutionLoops loops = new ConvolutionLoops(convolution);
        int taps = convolution.kernelSize() * convolution.kernelSize();
        // Of the convolution, which for a transposed layer is the one whose gradient it is.
        float[][][] large = images(batchSize, convolution.height() * convolution.width(), convolution.channels());
        float[][][] small =
                images(batchSize, convolution.outputHeight() * convolution.outputWidth(), convolution.filters());
        float[][] kernel = images(1, taps * convolution.channels(), convolution.filters())[0];
        float[][] turned = new float[taps * convolution.filters()][convolution.channels()];
        loops.turn(kernel, turned);
        return () -> {
            for (int i = 0; i < batchSize; i++) {
                switch (part) {
                    case Work.WEIGHT_GRADIENT -> loops.addWeightGradient(large[i], small[i], kernel);
                    case Work.FORWARD, Work.DATA_GRADIENT -> {
                        if (part.equals(Work.FORWARD) == layer.isTransposed()) {
                            loops.addDataGradient(small[i], turned, large[i]);
                        } else {
                            loops.addForward(large[i], kernel, small[i]);
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
