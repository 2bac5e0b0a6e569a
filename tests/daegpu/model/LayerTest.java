package daegpu.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.model.Layer.Operation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayerTest {

    /** Engines pad rows and columns alike, whatever the height and the width are. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5, 7})
    void paddingIsThatOfTensorFlowForRowsAndColumns(int kernel) {
        for (int height = 8; height <= 40; height += 8) {
            for (int width = 8; width <= 40; width += 8) {
                for (Layer layer : new Autoencoder(height, width, 1, List.of(1, 1, 1), kernel, 1)
                        .network()
                        .layers()) {
                    if (layer.operation() == Operation.CONVOLUTION) {
                        assertEquals(tensorFlow(layer.inputHeight(), kernel, 2), layer.paddingBefore());
                        assertEquals(tensorFlow(layer.inputWidth(), kernel, 2), layer.paddingBefore());
                    } else if (layer.operation() == Operation.TRANSPOSED_CONVOLUTION) {
                        assertEquals(tensorFlow(layer.outputHeight(), kernel, layer.stride()), layer.paddingBefore());
                        assertEquals(tensorFlow(layer.outputWidth(), kernel, layer.stride()), layer.paddingBefore());
                    } else {
                        assertEquals(0, layer.paddingBefore());
                    }
                }
            }
        }
    }

    /** As TensorFlow's documentation writes 'SAME', by the remainder of the size. */
    private static int tensorFlow(int size, int kernel, int stride) {
        int total = size % stride == 0 ? Math.max(kernel - stride, 0) : Math.max(kernel - size % stride, 0);
        return total / 2;
    }

    @ParameterizedTest
    @CsvSource({
        "28, 1, 2, 0",
        "28, 3, 2, 0",
        "28, 5, 2, 1",
        "28, 7, 2, 2",
        "29, 3, 2, 1",
        "29, 5, 2, 2",
        "28, 1, 1, 0",
        "28, 3, 1, 1",
        "28, 7, 1, 3",
        "2, 7, 2, 2",
        "1, 7, 2, 3"
    })
    void paddingOfAConvolutionAndOfItsTransposeAreOne(int size, int kernel, int stride, int padding) {
        int steps = (size + stride - 1) / stride;
        assertEquals(tensorFlow(size, kernel, stride), padding);
        ConvolutionGeometry geometry = new ConvolutionGeometry(size, 4, 1, steps, 4, 1, kernel, stride);
        assertEquals(padding, geometry.paddingTop());
        assertEquals(
                Math.max((steps - 1) * stride + kernel - size, 0), geometry.paddingTop() + geometry.paddingBottom());
        geometry = new ConvolutionGeometry(4, size, 1, 4, steps, 1, kernel, stride);
        assertEquals(padding, geometry.paddingLeft());
        if (size % stride == 0) {
            assertEquals(
                    padding,
                    layer(LayerDescription.convolution("c", 1, kernel, stride), size, 8, 1)
                            .paddingBefore());
            assertEquals(
                    padding,
                    layer(LayerDescription.transposedConvolution("t", 1, kernel, stride), steps, 8, 1)
                            .paddingBefore());
        }
    }

    private static Layer layer(LayerDescription description, int height, int width, int channels) {
        return description.on(new Tensor("before", height, width, channels), 0);
    }

    @Test
    void kernelsAreLaidOutAsInKeras() {
        assertArrayEquals(
                new int[] {5, 5, 3, 7},
                layer(LayerDescription.convolution("c", 7, 5, 2), 8, 6, 3).kernelShape());
        assertArrayEquals(
                new int[] {5, 5, 7, 3},
                layer(LayerDescription.transposedConvolution("t", 7, 5, 2), 4, 3, 3)
                        .kernelShape());
        assertArrayEquals(
                new int[] {3, 7}, layer(LayerDescription.dense("d", 7), 1, 1, 3).kernelShape());
    }
}
