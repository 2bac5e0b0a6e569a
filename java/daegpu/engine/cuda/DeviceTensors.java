package daegpu.engine.cuda;

import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.LayerLayout;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The values of all tensors of a network, for batches of up to a number of images. */
final class DeviceTensors {

    private final Map<Tensor, DeviceTensor> tensors = new HashMap<>();

    DeviceTensors(LayerLayout layout, Device device, DeviceScope owner, Network network, int capacity) {
        for (Tensor tensor : network.tensors()) {
            tensors.put(tensor, allocate(device, owner, planes(layout, network, tensor), capacity));
        }
    }

    static Planes planes(LayerLayout layout, Network network, Tensor tensor) {
        List<Layer> readers = network.layers().stream()
                .filter(layer -> layer.input().equals(tensor))
                .toList();
        return layout.planes(tensor, readers);
    }

    static DeviceTensor allocate(Device device, DeviceScope owner, Planes planes, int capacity) {
        return new DeviceTensor(
                device.allocateFloats(owner, (long) capacity * planes.size(), "a batch of " + capacity), planes);
    }

    DeviceTensor of(Tensor tensor) {
        return tensors.get(tensor);
    }
}
