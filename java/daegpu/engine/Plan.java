package daegpu.engine;

import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * The steps by which an engine processes a batch: in which order layers are computed, which step writes a gradient and
 * which adds to it, where the derivative of an activation is applied, and from which step to which each value is
 * needed. Every engine follows a plan, and only makes one operation for each of its steps.
 *
 * <p>The gradient <em>at</em> a tensor is that of the loss with respect to the sums that its layer computes, before the
 * activation. The step that completes it applies the derivative of that activation.
 */
public final class Plan {

    /** One operation. */
    public sealed interface Step permits Forward, LossGradient, Backward, Sum {}

    /** Computes the output of {@code layer}: {@code activation(operation(input) + bias + added)}. */
    public record Forward(Layer layer) implements Step {}

    /**
     * Computes the loss of the network's output, and the gradient at that.
     *
     * @param output the network's output
     * @param activation the activation whose derivative is applied
     */
    public record LossGradient(Tensor output, Activation activation) implements Step {}

    /**
     * Computes the weight and bias gradients of {@code layer}, and its data gradient, from its input and the gradient
     * at its output.
     *
     * @param data where its data gradient goes; empty if its input is the image, whose gradient nobody needs
     */
    public record Backward(Layer layer, Optional<GradientSum> data) implements Step {}

    /** Completes a gradient to which no more data gradients are added. */
    public record Sum(GradientSum sum) implements Step {}

    /**
     * A gradient that a step writes. In a {@link Backward} step it is the data gradient of the layer plus what this
     * record names; in a {@link Sum} step it is only the latter.
     *
     * @param target the tensor at which the gradient is
     * @param accumulates whether what an earlier step wrote there is added; otherwise it is overwritten
     * @param terms tensors whose gradients are added: those that skips hand back
     * @param isComplete whether no later step adds to it
     * @param activation the activation whose derivative the sum is multiplied by; linear, which changes nothing, if a
     *     later step adds to it
     */
    public record GradientSum(
            Tensor target, boolean accumulates, List<Tensor> terms, boolean isComplete, Activation activation) {

        public GradientSum {
            terms = List.copyOf(terms);
        }
    }

    /**
     * Memory that a plan needs for each image: the values of a tensor, or the gradient at it.
     *
     * @param tensor the tensor whose values or gradient it holds
     * @param isGradient whether it holds the gradient
     */
    public record Buffer(Tensor tensor, boolean isGradient) {

        /** The values of {@code tensor}. */
        public static Buffer values(Tensor tensor) {
            return new Buffer(tensor, false);
        }

        /** The gradient at {@code tensor}. */
        public static Buffer gradient(Tensor tensor) {
            return new Buffer(tensor, true);
        }

        @Override
        public String toString() {
            return isGradient ? "gradient at " + tensor.name() : tensor.name();
        }
    }

    /**
     * The time during which a buffer is needed: from the step that first writes it to the last step that reads it, both
     * included.
     *
     * @param first index of the first step
     * @param last index of the last step
     */
    public record Life(int first, int last) {

        boolean meets(Life other) {
            return first <= other.last && other.first <= last;
        }
    }

    private final List<Step> steps;
    private final Map<Buffer, Life> lives;

    private Plan(List<Step> steps, Map<Buffer, Life> lives) {
        this.steps = List.copyOf(steps);
        this.lives = lives;
    }

    /**
     * The plan of a training step. The output of a layer is kept for as long as the backward pass needs it.
     *
     * @param keepsValues whether the outputs of all layers are kept to the end, so that they can be read
     */
    public static Plan training(Network network, boolean keepsValues) {
        List<Step> steps = new ArrayList<>();
        network.layers().forEach(layer -> steps.add(new Forward(layer)));
        steps.add(new LossGradient(network.output(), activationOf(network, network.output())));
        addBackward(network, steps);
        return new Plan(steps, lives(steps, keepsValues ? network.tensors() : List.of()));
    }

    /**
     * The plan that computes a part of a network.
     *
     * @param from the input of that part: {@link Network#input()}, or the output of a layer
     * @param to the output of that part
     * @throws IllegalArgumentException if {@code to} cannot be computed from {@code from} alone
     */
    public static Plan inference(Network network, Tensor from, Tensor to) {
        Set<Tensor> wanted = new HashSet<>(Set.of(to));
        List<Step> steps = new ArrayList<>();
        for (int l = network.layers().size() - 1; l >= 0; l--) {
            Layer layer = network.layers().get(l);
            if (!layer.output().equals(from) && wanted.remove(layer.output())) {
                steps.add(0, new Forward(layer));
                wanted.add(layer.input());
                layer.added().ifPresent(wanted::add);
            }
        }
        if (steps.isEmpty() || !wanted.equals(Set.of(from))) {
            throw new IllegalArgumentException(to + " cannot be computed from " + from + " alone");
        }
        return new Plan(steps, lives(steps, List.of(to)));
    }

    private static Activation activationOf(Network network, Tensor tensor) {
        return network.maker(tensor).orElseThrow().activation();
    }

    private static void addBackward(Network network, List<Step> steps) {
        Map<Tensor, Integer> readersLeft = new HashMap<>();
        for (Layer layer : network.layers()) {
            readersLeft.merge(layer.input(), 1, Integer::sum);
            layer.added().ifPresent(added -> readersLeft.merge(added, 1, Integer::sum));
        }
        Set<Tensor> written = new HashSet<>();
        Map<Tensor, List<Tensor>> terms = new HashMap<>();
        for (int l = network.layers().size() - 1; l >= 0; l--) {
            Layer layer = network.layers().get(l);
            List<Tensor> left = terms.remove(layer.output());
            if (left != null) { // skips handed their share back after the last data gradient, or there was none
                steps.add(new Sum(new GradientSum(
                        layer.output(), written.contains(layer.output()), left, true, layer.activation())));
            }
            layer.added().ifPresent(added -> {
                readersLeft.merge(added, -1, Integer::sum);
                if (!added.equals(network.input())) {
                    terms.computeIfAbsent(added, tensor -> new ArrayList<>()).add(layer.output());
                }
            });
            Tensor input = layer.input();
            readersLeft.merge(input, -1, Integer::sum);
            if (input.equals(network.input())) {
                steps.add(new Backward(layer, Optional.empty()));
                continue;
            }
            boolean isComplete = readersLeft.get(input) == 0;
            List<Tensor> added = terms.remove(input);
            steps.add(new Backward(
                    layer,
                    Optional.of(new GradientSum(
                            input,
                            !written.add(input),
                            added == null ? List.of() : added,
                            isComplete,
                            isComplete ? activationOf(network, input) : Activation.LINEAR))));
        }
    }

    private static Map<Buffer, Life> lives(List<Step> steps, List<Tensor> kept) {
        Map<Buffer, Life> lives = new LinkedHashMap<>();
        for (int i = 0; i < steps.size(); i++) {
            int place = i;
            for (Buffer buffer : buffers(steps.get(i))) {
                lives.merge(buffer, new Life(place, place), (life, same) -> new Life(life.first(), place));
            }
        }
        for (Tensor tensor : kept) {
            lives.computeIfPresent(Buffer.values(tensor), (buffer, life) -> new Life(life.first(), steps.size() - 1));
        }
        return lives;
    }

    /** The buffers that a step reads or writes. */
    private static List<Buffer> buffers(Step step) {
        List<Buffer> buffers = new ArrayList<>();
        if (step instanceof Forward forward) {
            buffers.add(Buffer.values(forward.layer().input()));
            forward.layer().added().ifPresent(added -> buffers.add(Buffer.values(added)));
            buffers.add(Buffer.values(forward.layer().output()));
        } else if (step instanceof LossGradient loss) {
            buffers.add(Buffer.values(loss.output()));
            buffers.add(Buffer.gradient(loss.output()));
        } else if (step instanceof Backward backward) {
            buffers.add(Buffer.values(backward.layer().input()));
            buffers.add(Buffer.gradient(backward.layer().output()));
            backward.data().ifPresent(sum -> addBuffers(sum, buffers));
        } else if (step instanceof Sum sum) {
            addBuffers(sum.sum(), buffers);
        }
        return buffers;
    }

    private static void addBuffers(GradientSum sum, List<Buffer> buffers) {
        sum.terms().forEach(term -> buffers.add(Buffer.gradient(term)));
        if (sum.activation() != Activation.LINEAR) {
            buffers.add(Buffer.values(sum.target()));
        }
        buffers.add(Buffer.gradient(sum.target()));
    }

    /** The steps in their order. */
    public List<Step> steps() {
        return steps;
    }

    /** Every buffer that the steps use, in the order of first use, with the time during which it is needed. */
    public Map<Buffer, Life> lives() {
        return lives;
    }

    /**
     * Places all buffers in one piece of memory, in which buffers that are never needed at the same time may share a
     * place.
     *
     * @param bytes the size of each buffer in bytes
     * @param alignment number of bytes of which each offset is a multiple
     */
    public Arena arena(ToLongFunction<Buffer> bytes, long alignment) {
        return Arena.of(lives, bytes, alignment);
    }

    /** Describes the steps, one in a line: {@code forward conv1 = relu(convolution 3x3/2 of input + bias)}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Step step : steps) {
            text.append(describe(step)).append('\n');
        }
        return text.toString();
    }

    private static String describe(Step step) {
        if (step instanceof Forward forward) {
            return "forward  " + forward.layer().name() + " = " + formula(forward.layer());
        }
        if (step instanceof LossGradient loss) {
            return "loss     of " + loss.output().name() + "; gradient at it"
                    + through(loss.activation(), loss.output());
        }
        if (step instanceof Backward backward) {
            return "backward " + backward.layer().name() + ": kernel"
                    + (backward.layer().bias().isPresent() ? ", bias" : "")
                    + backward.data()
                            .map(sum -> "; " + describe(sum, "data gradient"))
                            .orElse("");
        }
        return "sum      " + describe(((Sum) step).sum(), "");
    }

    private static String formula(Layer layer) {
        String size = " " + layer.kernelSize() + "x" + layer.kernelSize() + "/" + layer.stride();
        String operation =
                switch (layer.operation()) {
                    case CONVOLUTION -> "convolution" + size;
                    case TRANSPOSED_CONVOLUTION -> "transposed convolution" + size;
                    case DENSE -> "dense";
                };
        return lower(layer.activation()) + "(" + operation + " of "
                + layer.input().name()
                + (layer.bias().isPresent() ? " + bias" : "")
                + layer.added().map(added -> " + " + added.name()).orElse("") + ")";
    }

    private static String describe(GradientSum sum, String data) {
        List<String> terms = new ArrayList<>();
        if (sum.accumulates()) {
            terms.add("what is there");
        }
        sum.terms().forEach(term -> terms.add("that at " + term.name()));
        if (!data.isEmpty()) {
            terms.add(data);
        }
        return "gradient at " + sum.target().name() + " = " + String.join(" + ", terms)
                + through(sum.activation(), sum.target());
    }

    private static String through(Activation activation, Tensor tensor) {
        return activation == Activation.LINEAR ? "" : ", through the " + lower(activation) + " of " + tensor.name();
    }

    private static String lower(Activation activation) {
        return activation.name().toLowerCase(Locale.ROOT);
    }
}
