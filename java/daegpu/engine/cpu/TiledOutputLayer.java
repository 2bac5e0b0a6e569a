package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.Layer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/**
 * A convolution or transposed convolution of stride 1 whose forward pass computes tiles of pixels at a time (see
 * {@link OutputTile}). Its backward pass is like any other. On a processor with AVX2, a transposed convolution of 16
 * images of 28×28×32 to one channel took 0.29 ms instead of 0.90.
 */
final class TiledOutputLayer implements LayerPrimitives {

    private final PrimitiveBuilder builder;
    private final KernelLayouts kernels;
    private final Layer layer;
    private final int batch;
    private final OutputTile tile;
    private final int rows;
    private final int columns;
    private final ConvolutionLayer backward;

    /** @param batch number of images at a time */
    TiledOutputLayer(PrimitiveBuilder builder, KernelLayouts kernels, Layer layer, int batch, OutputTile tile) {
        this.builder = builder;
        this.kernels = kernels;
        this.layer = layer;
        this.batch = batch;
        this.tile = tile;
        rows = layer.outputHeight() / tile.height();
        columns = layer.outputWidth() / tile.width();
        backward = new ConvolutionLayer(builder, kernels, layer, batch);
    }

    private dnnl_memory_desc inputShape(ElementType type) {
        return builder.images(type, batch, layer.inputHeight(), layer.inputWidth(), layer.inputChannels());
    }

    private dnnl_memory_desc outputShape(ElementType type) {
        return builder.images(type, batch, layer.outputHeight(), layer.outputWidth(), layer.outputChannels());
    }

    private dnnl_memory_desc tilesShape(ElementType type) {
        return builder.images(type, batch, rows, columns, tile.values(layer));
    }

    /** Skips are added to pixels in their final place, so the activation comes after that. */
    @Override
    public List<Primitive> forward(NativeArray input, Completion completion, NativeArray output) {
        String name = layer.name() + " forward";
        List<NativeArray> added = completion.added();
        List<Primitive> primitives = new ArrayList<>();
        primitives.add(tiles(name, input, added.isEmpty() ? completion : Completion.NONE, output.type()));
        primitives.add(fromTiles(output));
        if (!added.isEmpty()) {
            primitives.add(new ElementwisePrimitives(builder, this::outputShape)
                    .sum(name + ", sum", output, added, completion.activation(), output));
        }
        return primitives;
    }

    private Primitive tiles(String name, NativeArray input, Completion completion, ElementType type) {
        TileKernel expanded = kernels.tileKernel(layer, tile);
        long[] padding = {layer.paddingBefore(), layer.paddingBefore()};
        dnnl_memory_desc biasShape = builder.dense(ElementType.F32, tile.values(layer));
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_convolution_forward_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_forward_inference,
                        dnnl.dnnl_convolution_direct,
                        inputShape(input.type()),
                        builder.anyLayout(kernels.type(), expanded.sizes()),
                        biasShape,
                        tilesShape(type),
                        new long[] {tile.height(), tile.width()},
                        new long[] {0, 0},
                        padding,
                        padding,
                        builder.after(completion, this::tilesShape).attributes()),
                description,
                name);
        return builder.build(
                name,
                description,
                new Argument(dnnl.DNNL_ARG_SRC, builder.view(this::inputShape, input)),
                new Argument(
                        dnnl.DNNL_ARG_WEIGHTS,
                        kernels.laidOut(expanded, builder.chosen(description, dnnl.dnnl_query_weights_md))),
                new Argument(dnnl.DNNL_ARG_BIAS, builder.view(biasShape, expanded.bias(), 0)),
                new Argument(dnnl.DNNL_ARG_DST, builder.temporary(tilesShape(type), 0)));
    }

    /**
     * Copies {@code [batch, rows, columns, tile height, tile width · channels]} to {@code [batch, height, width,
     * channels]}.
     */
    private Primitive fromTiles(NativeArray output) {
        long tileRow = (long) tile.width() * layer.outputChannels();
        long imageRow = (long) layer.outputWidth() * layer.outputChannels();
        long[] sizes = {(long) batch * rows, columns, tile.height(), tileRow};
        dnnl_memory_desc from = builder.dense(output.type(), sizes);
        dnnl_memory_desc to =
                builder.strided(output.type(), sizes, new long[] {tile.height() * imageRow, tileRow, imageRow, 1});
        return builder.reorder(
                layer.name() + " tiles to rows", from, builder.temporary(from, 0), to, builder.view(to, output, 0));
    }

    @Override
    public List<Primitive> dataGradient(NativeArray outputGradient, Completion completion, NativeArray inputGradient) {
        return backward.dataGradient(outputGradient, completion, inputGradient);
    }

    @Override
    public List<Primitive> weightGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients) {
        return backward.weightGradient(input, outputGradient, gradients);
    }
}
