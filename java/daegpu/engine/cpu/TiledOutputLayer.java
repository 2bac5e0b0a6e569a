package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.Layer;
import daegpu.model.ParameterTensor;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/**
 * A transposed convolution of stride 1 whose forward pass computes tiles of pixels at a time, see {@link OutputTile};
 * backward it is like any other. On an AVX2 processor, 16 images of 28×28×32: 0.29 ms instead of 0.90.
 */
final class TiledOutputLayer implements LayerPrimitives {

    private final PrimitiveBuilder builder;
    private final KernelLayouts kernels;
    private final Layer layer;
    private final int batch;
    private final OutputTile tile;
    private final ParameterTensor kernel;
    private final ParameterTensor bias;
    private final TransposedConvolutionLayer backward;

    TiledOutputLayer(
            PrimitiveBuilder builder,
            KernelLayouts kernels,
            Layer layer,
            int batch,
            OutputTile tile,
            NativeArray phases,
            ParameterTensor kernel,
            ParameterTensor bias) {
        this.builder = builder;
        this.kernels = kernels;
        this.layer = layer;
        this.batch = batch;
        this.tile = tile;
        this.kernel = kernel;
        this.bias = bias;
        backward = new TransposedConvolutionLayer(builder, kernels, layer, batch, phases, kernel, bias);
    }

    @Override
    public List<Primitive> forward(NativeArray input, NativeArray output) {
        String name = layer.name() + " forward";
        int values = tile.values(layer);
        int rows = layer.outputHeight() / tile.height();
        int columns = layer.outputWidth() / tile.width();
        TileKernel expanded = kernels.tileKernel(layer, tile, kernel, bias);
        long[] padding = {layer.paddingBefore(), layer.paddingBefore()};
        dnnl_memory_desc inputShape =
                builder.images(input.type(), batch, layer.inputHeight(), layer.inputWidth(), layer.inputChannels());
        dnnl_memory_desc tilesShape = builder.images(output.type(), batch, rows, columns, values);
        dnnl_memory_desc biasShape = builder.dense(ElementType.F32, values);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_convolution_forward_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_forward_inference,
                        dnnl.dnnl_convolution_direct,
                        inputShape,
                        builder.anyLayout(kernels.type(), expanded.sizes()),
                        biasShape,
                        tilesShape,
                        new long[] {tile.height(), tile.width()},
                        new long[] {0, 0},
                        padding,
                        padding,
                        builder.attributes(layer.activation())),
                description,
                name);
        dnnl_memory kernelMemory = kernels.laidOut(expanded, builder.chosen(description, dnnl.dnnl_query_weights_md));
        NativeArray tiles = builder.array(output.type(), (long) batch * layer.outputSize());
        List<Primitive> primitives = new ArrayList<>();
        primitives.add(builder.build(
                name,
                description,
                new Argument(dnnl.DNNL_ARG_SRC, builder.view(inputShape, input, 0)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, kernelMemory),
                new Argument(dnnl.DNNL_ARG_BIAS, builder.view(biasShape, expanded.bias(), 0)),
                new Argument(dnnl.DNNL_ARG_DST, builder.view(tilesShape, tiles, 0))));
        primitives.add(fromTiles(tiles, output, rows, columns));
        return primitives;
    }

    /**
     * {@code [batch, rows, columns, tile height, tile width · channels]} to {@code [batch, height, width, channels]}.
     */
    private Primitive fromTiles(NativeArray tiles, NativeArray output, long rows, long columns) {
        long tileRow = (long) tile.width() * layer.outputChannels();
        long imageRow = (long) layer.outputWidth() * layer.outputChannels();
        long[] sizes = {batch * rows, columns, tile.height(), tileRow};
        dnnl_memory_desc from = builder.dense(tiles.type(), sizes);
        dnnl_memory_desc to =
                builder.strided(output.type(), sizes, new long[] {tile.height() * imageRow, tileRow, imageRow, 1});
        return builder.reorder(
                layer.name() + " tiles to rows", from, builder.view(from, tiles, 0), to, builder.view(to, output, 0));
    }

    @Override
    public List<Primitive> dataGradient(NativeArray outputGradient, NativeArray inputGradient) {
        return backward.dataGradient(outputGradient, inputGradient);
    }

    @Override
    public List<Primitive> kernelGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients) {
        return backward.kernelGradient(input, outputGradient, gradients);
    }
}
