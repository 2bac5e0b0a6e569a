package daegpu.format;

import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import java.util.stream.IntStream;

/**
 * Parameters in the layout of PyTorch and ONNX, for images {@code [batch, channels, height, width]}. A convolution's
 * kernel is {@code [out, in, kernel height, kernel width]}, a transposed one's {@code [in, out, kernel height, kernel
 * width]}, a dense layer's {@code [out, in]}. If the input or output of a dense layer is an image, its channels vary
 * slowest.
 */
final class ChannelsFirst {

    private ChannelsFirst() {}

    /** The shape of {@code tensor}, which belongs to {@code layer}, laid so. */
    static int[] shape(Layer layer, ParameterTensor tensor) {
        int[] shape = tensor.shape();
        return switch (shape.length) {
            case 4 -> new int[] {shape[3], shape[2], shape[0], shape[1]};
            case 2 -> new int[] {layer.outputChannels(), layer.inputChannels()};
            default -> shape;
        };
    }

    /** The values of a tensor of {@code parameters}, laid so. */
    static float[] values(Parameters parameters, Layer layer, ParameterTensor tensor) {
        int[] places = places(layer, tensor);
        float[] values = new float[places.length];
        for (int i = 0; i < places.length; i++) {
            values[i] = parameters.values()[tensor.offset() + places[i]];
        }
        return values;
    }

    /** Puts {@code values}, laid so, into a tensor of {@code parameters}: the inverse of {@link #values}. */
    static void set(Parameters parameters, Layer layer, ParameterTensor tensor, float[] values) {
        int[] places = places(layer, tensor);
        for (int i = 0; i < places.length; i++) {
            parameters.values()[tensor.offset() + places[i]] = values[i];
        }
    }

    /** For each value laid so, its place in the tensor as {@link Parameters} has it. */
    private static int[] places(Layer layer, ParameterTensor tensor) {
        int[] places = new int[tensor.size()];
        int[] shape = tensor.shape();
        if (shape.length == 4) {
            int next = 0;
            for (int d = 0; d < shape[3]; d++) {
                for (int c = 0; c < shape[2]; c++) {
                    for (int pixel = 0; pixel < shape[0] * shape[1]; pixel++) {
                        places[next++] = (pixel * shape[2] + c) * shape[3] + d;
                    }
                }
            }
            return places;
        }
        int[] outputs = channelsSlowest(layer.output());
        if (shape.length == 1) {
            return layer.operation() == Operation.DENSE ? outputs : inOrder(shape[0]);
        }
        int[] inputs = channelsSlowest(layer.input());
        for (int o = 0; o < outputs.length; o++) {
            for (int i = 0; i < inputs.length; i++) {
                places[o * inputs.length + i] = inputs[i] * outputs.length + outputs[o];
            }
        }
        return places;
    }

    private static int[] inOrder(int count) {
        return IntStream.range(0, count).toArray();
    }

    /** For each value of an image, counted with its channels slowest, its place with channels fastest. */
    private static int[] channelsSlowest(Tensor image) {
        int pixels = image.height() * image.width();
        int[] places = new int[image.size()];
        for (int c = 0; c < image.channels(); c++) {
            for (int pixel = 0; pixel < pixels; pixel++) {
                places[c * pixels + pixel] = pixel * image.channels() + c;
            }
        }
        return places;
    }
}
