package daegpu.engine.cpu;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * The arrays into which primitives write the gradients of the parameters: the array may be changed between two runs of
 * the same primitives.
 */
final class GradientTargets {

    private final PrimitiveBuilder builder;
    private final NativeArray[] targets;
    private final List<dnnl_memory> views = new ArrayList<>();
    /** For each view, its address in each target. */
    private final List<Pointer[]> places = new ArrayList<>();

    /** @param targets fp32 arrays in the order of the parameters; the first one is selected */
    GradientTargets(PrimitiveBuilder builder, NativeArray[] targets) {
        this.builder = builder;
        this.targets = targets;
    }

    /** The values of the selected target from index {@code at} on, seen as {@code shape}. */
    dnnl_memory view(dnnl_memory_desc shape, long at) {
        dnnl_memory view = builder.view(shape, targets[0], at);
        Pointer[] place = new Pointer[targets.length];
        for (int i = 0; i < targets.length; i++) {
            place[i] = targets[i].pointer(at);
        }
        views.add(view);
        places.add(place);
        return view;
    }

    /** Moves all views to this target. */
    void select(int target) {
        for (int i = 0; i < views.size(); i++) {
            OneDnn.check(dnnl.dnnl_memory_set_data_handle(views.get(i), places.get(i)[target]), "bind gradients");
        }
    }
}
