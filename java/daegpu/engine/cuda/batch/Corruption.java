package daegpu.engine.cuda.batch;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Tensor;
import daegpu.noise.Noise;

/**
 * Makes a batch on the device: scaled and corrupted images, from the place in the order that the state of a step has.
 */
public final class Corruption {

    private final KernelLibrary kernels;

    public Corruption(KernelLibrary kernels) {
        this.kernels = kernels;
    }

    /** For a network: as its first layer wants it. */
    public void run(
            BatchSource source,
            DeviceArray position,
            int count,
            Tensor image,
            DeviceArray clean,
            DeviceArray noisy,
            Planes noisyPlanes) {
        if (noisyPlanes.size() == image.size() && noisyPlanes.channels() == 1) {
            run(source, position, count, image.size(), clean, noisy);
        } else {
            run(source, position, count, image.width(), image.channels(), image.size(), clean, noisy, noisyPlanes);
        }
    }

    /** In the program's own order, without gaps: an image is then one row of {@code imageSize} values. */
    public void run(
            BatchSource source, DeviceArray position, int count, int imageSize, DeviceArray clean, DeviceArray noisy) {
        run(source, position, count, imageSize, 1, imageSize, clean, noisy, Planes.packed(1, 1, imageSize));
    }

    private void run(
            BatchSource source,
            DeviceArray position,
            int count,
            int width,
            int channels,
            int imageSize,
            DeviceArray clean,
            DeviceArray noisy,
            Planes planes) {
        Noise noise = source.noise();
        boolean gaussian = noise.kind() == Noise.Kind.GAUSSIAN;
        boolean vector =
                gaussian && channels == 1 && width % 4 == 0 && planes.pitch() % 4 == 0 && planes.plane() % 4 == 0;
        KernelArguments arguments = new KernelArguments()
                .add(source.pointer())
                .add(position)
                .add(source.ring())
                .add(count)
                .add(imageSize)
                .add(width);
        if (!vector) {
            arguments.add(channels);
        }
        arguments
                .add(clean)
                .add(noisy)
                .add(planes.plane())
                .add(planes.pitch())
                .add(noise.least())
                .add(noise.greatest());
        if (!gaussian) {
            arguments.add(noise.kind().ordinal()).add(source.photons());
        }
        kernels.launch(
                !gaussian
                        ? BatchKernel.GATHER_OTHER_NOISE
                        : vector ? BatchKernel.GATHER_NOISE_VECTOR : BatchKernel.GATHER_NOISE,
                Grid.covering(count * ((imageSize + 3) / 4)),
                arguments);
    }
}
