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
 * Takes a number of images through a plan. It holds all values, and the primitives that compute them. It always
 * computes the number of images that it was made for, even if fewer were given.
 */
final class Pass implements AutoCloseable {

    private final NativeScope scope = new NativeScope();
    private final PassMemory memory;
    private final GradientTargets gradients;
    private final Buffer input;
    private final Primitive[] inputFormat;
    private final List<Step> steps;
    /** The primitives of each step. */
    private final Primitive[][] primitives;

    /**
     * Makes the primitives. Call this on a thread on which oneDNN starts no others.
     *
     * @param from the input
     * @param images number of images to compute at a time
     * @param gradientTargets arrays of which one at a time receives the gradients of the parameters; none for inference
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

    /** The steps in their order. */
    List<Step> steps() {
        return steps;
    }

    /** The memory that holds the plan's values and gradients. */
    PassMemory memory() {
        return memory;
    }

    /** Chooses the array that receives the gradients of the parameters from now on. */
    void select(int gradientTarget) {
        gradients.select(gradientTarget);
    }

    /**
     * Copies the input from {@code values}, from index {@code at} on.
     *
     * @param length number of values of all images that are given
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
     * Runs the steps of a plan for inference.
     *
     * @param stream of the calling thread
     * @param values the input of all images; those from {@code first} on are taken
     * @param count number of images, at most as many as the pass computes at a time
     * @param to the output
     * @param results receives the output at the places of these images
     */
    void infer(dnnl_stream stream, float[] values, int first, int count, Tensor to, float[] results) {
        int inputSize = input.tensor().size();
        put(stream, values, first * inputSize, count * inputSize);
        for (int step = 0; step < primitives.length; step++) {
            run(stream, step);
        }
        memory.values(to).read(0, results, first * to.size(), count * to.size());
    }

    /** All primitives that it runs, in their order. */
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
