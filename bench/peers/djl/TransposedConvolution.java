import ai.djl.mxnet.engine.MxNDManager;
import ai.djl.mxnet.engine.MxOpParams;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;

/**
 * MXNet's transposed convolution of 3x3 kernels, padded by one: [batch, in, h, w] to [batch, out, h * stride, w *
 * stride]. DJL's own Conv2dTranspose lays its kernels out as [out, in, 3, 3] where MXNet wants [in, out, 3, 3], so that
 * MXNet refuses them.
 */
final class TransposedConvolution extends AbstractBlock {

    private final int filters;
    private final int stride;
    private final Parameter weight;
    private final Parameter bias;

    TransposedConvolution(int filters, int stride) {
        this.filters = filters;
        this.stride = stride;
        weight = addParameter(Parameter.builder()
                .setName("weight")
                .setType(Parameter.Type.WEIGHT)
                .build());
        bias = addParameter(
                Parameter.builder().setName("bias").setType(Parameter.Type.BIAS).build());
    }

    @Override
    protected void prepare(Shape[] inputs) {
        weight.setShape(new Shape(inputs[0].get(1), filters, 3, 3));
        bias.setShape(new Shape(filters));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        Shape input = inputs[0];
        return new Shape[] {new Shape(input.get(0), filters, stride * input.get(2), stride * input.get(3))};
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> unused) {
        NDArray input = inputs.singletonOrThrow();
        MxOpParams parameters = new MxOpParams();
        parameters.addTupleParam("kernel", 3, 3);
        parameters.addTupleParam("stride", stride, stride);
        parameters.addTupleParam("pad", 1, 1);
        parameters.addTupleParam("adj", stride - 1, stride - 1);
        parameters.addParam("num_filter", filters);
        parameters.addParam("no_bias", false);
        NDList operands = new NDList(
                input,
                store.getValue(weight, input.getDevice(), training),
                store.getValue(bias, input.getDevice(), training));
        return ((MxNDManager) input.getManager()).invoke("Deconvolution", operands, parameters);
    }
}
