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
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.model.Reach;
import daegpu.model.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A network as an ONNX model: input {@code noisy} and output {@code denoised}, both {@code [batch, height, width,
 * channels]} with any number of images, black being 0 and white 1. A network without a bottleneck takes images of any
 * height and width that are multiples of its {@link Reach#stride()}; its output is not clipped to [0, 1]. A network
 * with a bottleneck takes images of its own size, and has a second output {@code latents}, {@code [batch, latent
 * dimension]}. The model uses standard operators of opset {@value #OPSET}. Inside, images are {@code [batch, channels,
 * height, width]}, as ONNX's convolutions need them.
 */
public final class OnnxFile {

    /** The version of ONNX's operators that the model needs. */
    public static final int OPSET = 13;
    /** Of the file format, the one that came with that opset. */
    private static final int IR_VERSION = 7;

    private static final String BATCH = "batch";
    private static final String HEIGHT = "height";
    private static final String WIDTH = "width";
    private static final String NOISY = "noisy";
    private static final String DENOISED = "denoised";
    private static final String LATENTS = "latents";

    private final Parameters parameters;
    private final GraphProto.Builder graph = GraphProto.newBuilder();

    private OnnxFile(Parameters parameters) {
        this.parameters = parameters;
    }

    /**
     * Writes the network.
     *
     * @param version of this program
     * @throws IOException if that fails; an existing file is then not changed
     */
    public static void write(Path file, Parameters parameters, String version) throws IOException {
        AtomicFile.write(file, new OnnxFile(parameters).model(version).toByteArray());
    }

    private ModelProto model(String version) {
        Network network = parameters.network();
        Tensor image = network.input();
        Optional<Reach> reach = Reach.of(network);
        Dimension height = reach.isPresent() ? any(HEIGHT) : exactly(image.height());
        Dimension width = reach.isPresent() ? any(WIDTH) : exactly(image.width());
        graph.setName("denoising autoencoder");
        graph.addInput(tensor(NOISY, height, width, exactly(image.channels())));
        graph.addOutput(tensor(DENOISED, height, width, exactly(image.channels())));
        addNode("Transpose", List.of(NOISY), image.name(), integers("perm", 0, 3, 1, 2));
        for (Layer layer : network.layers()) {
            addLayer(layer);
        }
        addNode("Transpose", List.of(network.output().name()), DENOISED, integers("perm", 0, 2, 3, 1));
        network.latent().ifPresent(this::addLatents);
        return ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
                .setProducerName("dae-gpu")
                .setProducerVersion(version)
                .setDocString("Takes the noise out of images. noisy and denoised are [batch, height, width, "
                        + "channels]; black is 0, white is 1."
                        + reach.map(OnnxFile::sizes).orElse(""))
                .setGraph(graph)
                .build();
    }

    private static String sizes(Reach reach) {
        return " Height and width are multiples of " + reach.stride() + ".";
    }

    /** Adds a layer: what it takes in and puts out is called as in the network. */
    private void addLayer(Layer layer) {
        String name = layer.name();
        List<String> inputs = new ArrayList<>(List.of(layer.input().name(), name + ".weight"));
        addWeights(layer, layer.kernel(), name + ".weight");
        layer.bias().ifPresent(bias -> {
            addWeights(layer, bias, name + ".bias");
            inputs.add(name + ".bias");
        });
        String sums = layer.activation() == Activation.LINEAR ? name : name + ".linear";
        String operation = layer.added().isPresent() ? name + ".operation" : sums;
        switch (layer.operation()) {
            case CONVOLUTION -> addNode("Conv", inputs, operation, strides(layer), pads(layer));
            case TRANSPOSED_CONVOLUTION ->
                addNode(
                        "ConvTranspose",
                        inputs,
                        operation,
                        strides(layer),
                        pads(layer),
                        integers("output_padding", missing(layer), missing(layer)));
            case DENSE -> addDense(layer, inputs, operation);
            default -> throw new AssertionError(layer);
        }
        layer.added().ifPresent(added -> addNode("Add", List.of(operation, added.name()), sums));
        switch (layer.activation()) {
            case RELU -> addNode("Relu", List.of(sums), name);
            case SIGMOID -> addNode("Sigmoid", List.of(sums), name);
            case LINEAR -> {}
            default -> throw new AssertionError(layer);
        }
    }

    /** Adds a matrix product between an image as a row and a row as an image. */
    private void addDense(Layer layer, List<String> inputs, String output) {
        String row = layer.name() + ".input";
        addNode("Flatten", List.of(inputs.get(0)), row);
        inputs.set(0, row);
        Tensor image = layer.output();
        addNode("Gemm", inputs, layer.name() + ".row", integer("transB", 1));
        String shape = layer.name() + ".shape";
        addShape(shape, 0, image.channels(), image.height(), image.width()); // 0: as it comes
        addNode("Reshape", List.of(layer.name() + ".row", shape), output);
    }

    /** A second output: the latents, through which everything passes. */
    private void addLatents(Tensor latent) {
        graph.addOutput(tensor(LATENTS, exactly(latent.size())));
        addNode("Flatten", List.of(latent.name()), LATENTS);
    }

    private static AttributeProto strides(Layer layer) {
        return integers("strides", layer.stride(), layer.stride());
    }

    /** The same for images of any size that are multiples of the strides. */
    private static AttributeProto pads(Layer layer) {
        ConvolutionGeometry geometry = layer.geometry();
        return integers(
                "pads",
                geometry.paddingTop(),
                geometry.paddingLeft(),
                geometry.paddingBottom(),
                geometry.paddingRight());
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

    /** A tensor of floats with these dimensions after that of the batch. */
    private static ValueInfoProto tensor(String name, Dimension... dimensions) {
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(DataType.FLOAT.getNumber())
                                .setShape(TensorShapeProto.newBuilder()
                                        .addDim(any(BATCH))
                                        .addAllDim(Arrays.asList(dimensions)))))
                .build();
    }

    /** A dimension whose size comes with the input; those of one name are alike. */
    private static Dimension any(String name) {
        return Dimension.newBuilder().setDimParam(name).build();
    }

    private static Dimension exactly(int size) {
        return Dimension.newBuilder().setDimValue(size).build();
    }
}
