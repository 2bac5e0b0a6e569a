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
 * What an engine does with a batch, in order: which layer is computed when, who writes and who adds to a gradient,
 * where the derivative of an activation is applied, and from when to when each value is needed. Every engine follows a
 * plan and makes nothing but its operations, one for each step.
 *
 * <p>The gradient <em>at</em> a tensor is that of the loss with respect to the sums that its layer computes, before the
 * activation. Whoever completes it applies the derivative of that activation.
 */
public final class Plan {

    /** One operation. */
    public sealed interface Step permits Forward, LossGradient, Backward, Sum {}

    /** Computes what {@code layer} puts out: {@code activation(operation(input) + bias + added)}. */
    public record Forward(Layer layer) implements Step {}

    /**
     * Computes the loss of what the network puts out, and the gradient at it.
     *
     * @param output what the network puts out
     * @param activation whose derivative is applied
     */
    public record LossGradient(Tensor output, Activation activation) implements Step {}

    /**
     * Computes the weight and bias gradients of {@code layer}, and its data gradient, from what it takes in and the
     * gradient at what it puts out.
     *
     * @param data where its data gradient goes; empty where the layer takes in the image, whose gradient nobody needs
     */
    public record Backward(Layer layer, Optional<GradientSum> data) implements Step {}

    /** Completes a gradient to which no further layer has a data gradient to add. */
    public record Sum(GradientSum sum) implements Step {}

    /**
     * A gradient that is written: of a {@link Backward} step, the data gradient of its layer plus all that is said
     * here; of a {@link Sum} step, that alone.
     *
     * @param target the tensor at which the gradient is
     * @param accumulates whether what an earlier step wrote there is added; else it is overwritten
     * @param terms tensors whose gradients are added: what skips hand back
     * @param isComplete whether no later step adds to it
     * @param activation whose derivative the sum is multiplied by; linear, which changes nothing, where a later step
     *     will add to it
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
     * @param tensor whose values or gradient
     * @param isGradient whether it is the gradient
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
     * From the step that first writes a buffer to the last that reads it, both included.
     *
     * @param first place among the steps
     * @param last place among the steps
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
     * How a batch is trained on. What a layer puts out is kept for as long as the backward pass needs it.
     *
     * @param keepsValues whether what every layer puts out is kept to the end, to be looked at
     */
    public static Plan training(Network network, boolean keepsValues) {
        List<Step> steps = new ArrayList<>();
        network.layers().forEach(layer -> steps.add(new Forward(layer)));
        steps.add(new LossGradient(network.output(), activationOf(network, network.output())));
        addBackward(network, steps);
        return new Plan(steps, lives(steps, keepsValues ? network.tensors() : List.of()));
    }

    /**
     * How a part of a network is computed.
     *
     * @param from what goes in: {@link Network#input()}, or what a layer puts out
     * @param to what is wanted
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

    /** What a step reads or writes. */
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

    /** What is done, in order. */
    public List<Step> steps() {
        return steps;
    }

    /** Every buffer that the steps use, in the order of first use, and when it is needed. */
    public Map<Buffer, Life> lives() {
        return lives;
    }

    /**
     * Places all buffers in one piece of memory, those that are never needed at the same time perhaps in the same
     * place.
     *
     * @param bytes of each buffer
     * @param alignment of which each place is a multiple, in bytes
     */
    public Arena arena(ToLongFunction<Buffer> bytes, long alignment) {
        return Arena.of(lives, bytes, alignment);
    }

    /** The steps, one a line, for people: {@code forward conv1 = relu(convolution 3x3/2 of input + bias)}. */
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
