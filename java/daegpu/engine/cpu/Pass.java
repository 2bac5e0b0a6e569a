package daegpu.engine.cpu;

import daegpu.engine.Plan;
import daegpu.engine.Plan.Buffer;
import daegpu.engine.Plan.Step;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * Takes some images through a plan: holds every value, and the primitives that compute them. It always computes the
 * number of images that it was made for, whatever the last of them hold.
 */
final class Pass implements AutoCloseable {

    private final NativeScope scope = new NativeScope();
    private final PassMemory memory;
    private final GradientTargets gradients;
    private final Buffer input;
    private final Primitive[] inputFormat;
    private final List<Step> steps;
    /** Of each step. */
    private final Primitive[][] primitives;

    /**
     * Call it on a thread on which oneDNN uses no others.
     *
     * @param from what goes in
     * @param images to compute at a time
     * @param gradientTargets what receives the gradients of the parameters, one or another; none for an inference
     */
    Pass(
            dnnl_engine engine,
            Network network,
            Plan plan,
            Tensor from,
            KernelLayouts kernels,
            int images,
            NativeArray... gradientTargets) {
        try {
            PrimitiveBuilder builder = new PrimitiveBuilder(engine, scope);
            memory = new PassMemory(builder, network, plan, kernels.type(), images);
            gradients = new GradientTargets(builder, gradientTargets);
            input = Buffer.values(from);
            inputFormat = memory.converted(input).toArray(Primitive[]::new);
            steps = plan.steps();
            StepPrimitives made = new StepPrimitives(builder, kernels, network, memory, gradients, images);
            primitives = steps.stream()
                    .map(step -> made.of(step).toArray(Primitive[]::new))
                    .toArray(Primitive[][]::new);
            builder.allocateWorkspace();
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    /** The steps, in order. */
    List<Step> steps() {
        return steps;
    }

    /** Where the plan's values and gradients are. */
    PassMemory memory() {
        return memory;
    }

    /** From now on, the gradients of the parameters go there. */
    void select(int gradientTarget) {
        gradients.select(gradientTarget);
    }

    /**
     * Takes what goes in from {@code values}, from {@code at} on.
     *
     * @param length values of the images that there are
     */
    void put(dnnl_stream stream, float[] values, int at, int length) {
        memory.writable(input).write(0, values, at, length);
        run(stream, inputFormat);
    }

    /**
     * Runs one step.
     *
     * @param stream of the calling thread
     */
    void run(dnnl_stream stream, int step) {
        run(stream, primitives[step]);
    }

    private static void run(dnnl_stream stream, Primitive[] primitives) {
        for (Primitive primitive : primitives) {
            primitive.run(stream);
        }
    }

    /**
     * Follows the plan of an inference.
     *
     * @param stream of the calling thread
     * @param values what goes in, of images from {@code first} on
     * @param count images, at most the number that the pass computes at a time
     * @param to what is wanted
     * @param results receives it at the same images' places
     */
    void infer(dnnl_stream stream, float[] values, int first, int count, Tensor to, float[] results) {
        int inputSize = input.tensor().size();
        put(stream, values, first * inputSize, count * inputSize);
        for (int step = 0; step < primitives.length; step++) {
            run(stream, step);
        }
        memory.values(to).read(0, results, first * to.size(), count * to.size());
    }

    /** All that it runs, in order. */
    List<Primitive> primitives() {
        List<Primitive> all = new ArrayList<>(List.of(inputFormat));
        Stream.of(primitives).forEach(step -> all.addAll(List.of(step)));
        return all;
    }

    @Override
    public void close() {
        scope.close();
    }
}
