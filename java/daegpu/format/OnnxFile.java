package daegpu.format;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import daegpu.data.AtomicFile;
import daegpu.model.Architecture;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A network as an ONNX model: input {@code noisy} and output {@code denoised}, both {@code [batch, height, width,
 * channels]} in [0, 1] with any number of images, and a second output {@code latents}, {@code [batch, latent
 * dimension]}. Standard operators of opset {@value #OPSET}; inside, images are {@code [batch, channels, height,
 * width]}, as ONNX's convolutions want them.
 */
public final class OnnxFile {

    /** The version of ONNX's operators that the model asks for. */
    public static final int OPSET = 13;
    /** Of the file format, the one that came with that opset. */
    private static final int IR_VERSION = 7;

    private static final String BATCH = "batch";

    private final Parameters parameters;
    private final GraphProto.Builder graph = GraphProto.newBuilder();

    private OnnxFile(Parameters parameters) {
        this.parameters = parameters;
    }

    /**
     * Writes the network.
     *
     * @param version of this program
     * @throws IOException if that fails; a file that was there is untouched then
     */
    public static void write(Path file, Parameters parameters, String version) throws IOException {
        AtomicFile.write(file, new OnnxFile(parameters).model(version).toByteArray());
    }

    private ModelProto model(String version) {
        Architecture architecture = parameters.architecture();
        graph.setName("denoising autoencoder");
        graph.addInput(tensor("noisy", architecture.height(), architecture.width(), architecture.channels()));
        graph.addOutput(tensor("denoised", architecture.height(), architecture.width(), architecture.channels()));
        graph.addOutput(tensor("latents", architecture.latentDimension()));
        addNode("Transpose", List.of("noisy"), "channels_first", integers("perm", 0, 3, 1, 2));
        String last = "channels_first";
        List<Layer> layers = architecture.layers();
        List<ParameterTensor> tensors = architecture.parameterTensors();
        for (int l = 0; l < layers.size(); l++) {
            last = addLayer(layers.get(l), tensors.get(2 * l), tensors.get(2 * l + 1), last);
        }
        addNode("Transpose", List.of(last), "denoised", integers("perm", 0, 2, 3, 1));
        return ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
                .setProducerName("dae-gpu")
                .setProducerVersion(version)
                .setDocString(
                        "Takes the noise out of images. noisy and denoised are [batch, height, width, channels] in [0, 1].")
                .setGraph(graph)
                .build();
    }

    /** Adds a layer behind the value called {@code input}; returns what its output is called. */
    private String addLayer(Layer layer, ParameterTensor kernel, ParameterTensor bias, String input) {
        String name = layer.name();
        addWeights(layer, kernel, name + ".weight");
        addWeights(layer, bias, name + ".bias");
        List<String> inputs = List.of(input, name + ".weight", name + ".bias");
        String linear = layer.activation() == Activation.LINEAR ? name : name + ".linear";
        switch (layer.operation()) {
            case CONVOLUTION -> addNode("Conv", inputs, linear, strides(layer), pads(layer));
            case TRANSPOSED_CONVOLUTION ->
                addNode(
                        "ConvTranspose",
                        inputs,
                        linear,
                        strides(layer),
                        pads(layer),
                        integers("output_padding", missing(layer), missing(layer)));
            case DENSE -> {
                if (name.equals("latent")) {
                    addNode("Flatten", List.of(input), "flat");
                    addNode("Gemm", List.of("flat", name + ".weight", name + ".bias"), "latents", integer("transB", 1));
                    return "latents";
                }
                addNode("Gemm", inputs, "row", integer("transB", 1));
                Layer image = parameters.architecture().layer("deconv1");
                addShape(
                        "image_shape",
                        0,
                        image.inputChannels(),
                        image.inputHeight(),
                        image.inputWidth()); // 0: as it comes
                addNode("Reshape", List.of("row", "image_shape"), name);
                return name;
            }
            default -> throw new AssertionError(layer);
        }
        switch (layer.activation()) {
            case RELU -> addNode("Relu", List.of(linear), name);
            case SIGMOID -> addNode("Sigmoid", List.of(linear), name);
            case LINEAR -> {}
            default -> throw new AssertionError(layer);
        }
        return name;
    }

    private static AttributeProto strides(Layer layer) {
        return integers("strides", layer.stride(), layer.stride());
    }

    /** Sizes are multiples of the stride, so that the padding is kernel − stride in all, where that is not negative. */
    private static AttributeProto pads(Layer layer) {
        int before = layer.paddingBefore();
        int after = Math.max(layer.kernelSize() - layer.stride(), 0) - before;
        return integers("pads", before, before, after, after);
    }

    /** Rows (and columns) that no kernel reaches: one for a kernel of 1 at stride 2. */
    private static int missing(Layer layer) {
        return Math.max(layer.stride() - layer.kernelSize(), 0);
    }

    private void addNode(String operator, List<String> inputs, String output, AttributeProto... attributes) {
        graph.addNode(NodeProto.newBuilder()
                .setOpType(operator)
                .setName(output + "." + operator)
                .addAllInput(inputs)
                .addOutput(output)
                .addAllAttribute(Arrays.asList(attributes)));
    }

    private void addWeights(Layer layer, ParameterTensor tensor, String name) {
        float[] values = ChannelsFirst.values(parameters, layer, tensor);
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        graph.addInitializer(TensorProto.newBuilder()
                .setName(name)
                .setDataType(DataType.FLOAT.getNumber())
                .addAllDims(Arrays.stream(ChannelsFirst.shape(layer, tensor))
                        .asLongStream()
                        .boxed()
                        .toList())
                .setRawData(ByteString.copyFrom(bytes)));
    }

    private void addShape(String name, long... sizes) {
        graph.addInitializer(TensorProto.newBuilder()
                .setName(name)
                .setDataType(DataType.INT64.getNumber())
                .addDims(sizes.length)
                .addAllInt64Data(Arrays.stream(sizes).boxed().toList()));
    }

    private static AttributeProto integers(String name, long... values) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.INTS)
                .addAllInts(Arrays.stream(values).boxed().toList())
                .build();
    }

    private static AttributeProto integer(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.INT)
                .setI(value)
                .build();
    }

    private static ValueInfoProto tensor(String name, int... sizes) {
        TensorShapeProto.Builder shape =
                TensorShapeProto.newBuilder().addDim(Dimension.newBuilder().setDimParam(BATCH));
        for (int size : sizes) {
            shape.addDim(Dimension.newBuilder().setDimValue(size));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(DataType.FLOAT.getNumber())
                                .setShape(shape)))
                .build();
    }
}
