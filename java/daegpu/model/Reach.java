package daegpu.model;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How far a network without dense layers sees: how many rows and columns around a pixel of the output can change it.
 *
 * @param pixels the largest number of pixels to any side
 * @param stride number of pixels by which an image can be shifted so that its output is shifted by as many
 */
public record Reach(int pixels, int stride) {

    /**
     * What a pixel of a tensor depends on. If its place in the image begins at pixel p, these are the pixels of the
     * image from {@code p − before} to {@code p + after}.
     *
     * @param scale pixels of the image from one pixel of the tensor to the next
     */
    private record View(double scale, double before, double after) {

        View with(View skip) {
            return new View(scale, Math.max(before, skip.before), Math.max(after, skip.after));
        }
    }

    /** The reach of a network; empty if it has a dense layer, which sees the whole image. */
    public static Optional<Reach> of(Network network) {
        Map<Tensor, View> views = new HashMap<>();
        views.put(network.input(), new View(1, 0, 0));
        double coarsest = 1;
        for (Layer layer : network.layers()) {
            if (layer.operation() == Layer.Operation.DENSE) {
                return Optional.empty();
            }
            View view = through(layer, views.get(layer.input()));
            if (layer.added().isPresent()) {
                view = view.with(views.get(layer.added().get()));
            }
            views.put(layer.output(), view);
            coarsest = Math.max(coarsest, view.scale);
        }
        View output = views.get(network.output());
        return Optional.of(new Reach((int) Math.ceil(Math.max(output.before, output.after)), (int) coarsest));
    }

    private static View through(Layer layer, View input) {
        int top = layer.geometry().paddingTop();
        int bottom = layer.kernelSize() - 1 - top;
        if (layer.isTransposed()) { // its taps lie the other way round, at the distances of its output
            double scale = input.scale / layer.stride();
            return new View(scale, bottom * scale + input.before, top * scale + input.after);
        }
        return new View(
                input.scale * layer.stride(), top * input.scale + input.before, bottom * input.scale + input.after);
    }
}
