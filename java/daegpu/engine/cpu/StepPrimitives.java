package daegpu.engine.cpu;

import daegpu.engine.Plan.Backward;
import daegpu.engine.Plan.Buffer;
import daegpu.engine.Plan.Forward;
import daegpu.engine.Plan.GradientSum;
import daegpu.engine.Plan.LossGradient;
import daegpu.engine.Plan.Step;
import daegpu.engine.Plan.Sum;
import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;

/** Makes the primitives of each step of a plan, for a number of images at a time. */
final class StepPrimitives {

    /**
     * The largest number of rows and columns of an output tile: larger tiles cost more by multiplying zeros than they
     * save by filling registers.
     */
    private static final int LARGEST_TILE = 8;
    /**
     * The same with AMX, one instruction of which multiplies a whole tile of bf16 numbers, so that zeros cost more: 2×2
     * was the fastest.
     */
    private static final int LARGEST_TILE_AMX = 2;

    private final PrimitiveBuilder builder;
    private final KernelLayouts kernels;
    private final Network network;
    private final PassMemory memory;
    private final GradientTargets gradients;
    private final int images;
    private final Map<Layer, LayerPrimitives> layers = new HashMap<>();
    /** A vector of ones for bias gradients, as long as the largest layer has pixels in all images. */
    private NativeArray ones;

    /**
     * @param memory the memory of the plan's buffers
     * @param gradients where the gradients of the parameters go
     */
    StepPrimitives(
            PrimitiveBuilder builder,
            KernelLayouts kernels,
            Network network,
            PassMemory memory,
            GradientTargets gradients,
            int images) {
        this.builder = builder;
        this.kernels = kernels;
        this.network = network;
        this.memory = memory;
        this.gradients = gradients;
        this.images = images;
    }

    /**
     * The primitives of a step, in their order. Those of a loss gradient only convert the number format of what Java
     * computes.
     */
    List<Primitive> of(Step step) {
        if (step instanceof Forward forward) {
            return forward(forward.layer());
        }
        if (step instanceof LossGradient loss) {
            return memory.converted(Buffer.gradient(loss.output()));
        }
        if (step instanceof Backward backward) {
            return backward(backward);
        }
        return sum(((Sum) step).sum());
    }

    private LayerPrimitives primitives(Layer layer) {
        return layers.computeIfAbsent(layer, this::open);
    }

    private LayerPrimitives open(Layer layer) {
        if (layer.operation() == Operation.DENSE) {
            return new DenseLayer(builder, kernels, layer, images);
        }
        if (layer.stride() == 1 && layer.output().equals(network.output())) {
            int largest = kernels.type() == ElementType.BF16 && OneDnn.hasAmx() ? LARGEST_TILE_AMX : LARGEST_TILE;
            OutputTile tile = OutputTile.best(layer, OneDnn.vectorFloats(), largest);
            if (tile.height() * tile.width() > 1) {
                return new TiledOutputLayer(builder, kernels, layer, images, tile);
            }
        }
        return new ConvolutionLayer(builder, kernels, layer, images);
    }

    private List<Primitive> forward(Layer layer) {
        Completion completion = Completion.forward(layer.added().map(memory::values), layer.activation());
        return primitives(layer).forward(memory.values(layer.input()), completion, memory.values(layer.output()));
    }

    private List<Primitive> backward(Backward step) {
        Layer layer = step.layer();
        NativeArray gradient = memory.gradient(layer.output());
        List<Primitive> made = new ArrayList<>();
        layer.bias().ifPresent(bias -> made.add(biasGradient(layer, gradient, bias.offset())));
        made.addAll(primitives(layer).weightGradient(memory.values(layer.input()), gradient, gradients));
        step.data().ifPresent(sum -> {
            made.addAll(primitives(layer)
                    .dataGradient(gradient, Completion.dataGradient(sum, memory), memory.gradient(sum.target())));
            if (sum.activation() != Activation.LINEAR) {
                made.add(derivative(sum, memory.gradient(sum.target())));
            }
        });
        return made;
    }

    /** Applies the derivative of the activation to {@code from}, and writes the gradient at the sum's target. */
    private Primitive derivative(GradientSum sum, NativeArray from) {
        Tensor target = sum.target();
        String function = sum.activation() == Activation.RELU ? "ReLU" : "sigmoid";
        return elementwise(target)
                .derivative(
                        target.name() + " " + function + " gradient",
                        sum.activation(),
                        memory.values(target),
                        from,
                        memory.gradient(target));
    }

    private ElementwisePrimitives elementwise(Tensor tensor) {
        return new ElementwisePrimitives(
                builder, type -> builder.images(type, images, tensor.height(), tensor.width(), tensor.channels()));
    }

    /** Completes a gradient to which no data gradient is added. */
    private List<Primitive> sum(GradientSum sum) {
        NativeArray target = memory.gradient(sum.target());
        Stream<NativeArray> there = sum.accumulates() ? Stream.of(target) : Stream.empty();
        List<NativeArray> terms =
                Stream.concat(there, sum.terms().stream().map(memory::gradient)).toList();
        NativeArray first = terms.get(0);
        String name = sum.target().name() + " gradient sum";
        boolean isLinear = sum.activation() == Activation.LINEAR;
        if (terms.size() == 1) {
            return List.of(isLinear ? builder.copy(name, first, target) : derivative(sum, first));
        }
        List<Primitive> made = new ArrayList<>();
        made.add(elementwise(sum.target()).sum(name, first, terms.subList(1, terms.size()), Activation.LINEAR, target));
        if (!isLinear) {
            made.add(derivative(sum, target));
        }
        return made;
    }

    /**
     * Sums the gradient over images and pixels, as the product of a row of ones with {@code [batch · height · width,
     * channels]}.
     */
    private Primitive biasGradient(Layer layer, NativeArray gradient, long biasAt) {
        String name = layer.name() + " bias gradient";
        long rows = (long) images * layer.outputHeight() * layer.outputWidth();
        dnnl_memory_desc onesShape = builder.dense(gradient.type(), 1, rows);
        dnnl_memory_desc gradientShape = builder.dense(gradient.type(), rows, layer.outputChannels());
        dnnl_memory_desc biasShape = builder.dense(ElementType.F32, 1, layer.outputChannels());
        return builder.build(
                name,
                builder.product(name, onesShape, gradientShape, null, biasShape, builder.attributes()),
                new Argument(dnnl.DNNL_ARG_SRC, builder.view(onesShape, ones(), 0)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, builder.view(gradientShape, gradient, 0)),
                new Argument(dnnl.DNNL_ARG_DST, gradients.view(biasShape, biasAt)));
    }

    private NativeArray ones() {
        if (ones == null) {
            int most = network.layers().stream()
                            .mapToInt(layer -> layer.outputHeight() * layer.outputWidth())
                            .max()
                            .orElseThrow()
                    * images;
            float[] values = new float[most];
            Arrays.fill(values, 1);
            ones = builder.array(kernels.type(), most);
            ones.write(0, values, 0, most);
        }
        return ones;
    }
}
