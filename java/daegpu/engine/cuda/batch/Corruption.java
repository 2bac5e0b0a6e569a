package daegpu.engine.cuda.batch;

import daegpu.data.Depth;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Tensor;
import daegpu.noise.Noise;

/**
 * Makes a batch of scaled and corrupted images on the device, from the place in the order that the state of a step has.
 */
public final class Corruption {

    private final KernelLibrary kernels;

    /** Makes batches with these kernels. */
    public Corruption(KernelLibrary kernels) {
        this.kernels = kernels;
    }

    /** Makes a batch in the layout that the first layer of a network needs. */
    public void run(
            BatchSource source,
            DeviceArray position,
            int count,
            Tensor image,
            DeviceArray clean,
            DeviceArray noisy,
            Planes noisyPlanes) {
        if (noisyPlanes.size() != image.size() || noisyPlanes.channels() != 1) {
            run(source, position, 1, count, image.width(), image.channels(), image.size(), clean, noisy, noisyPlanes);
        } else if (source.patches().isEmpty()) {
            run(source, position, count, image.size(), clean, noisy);
        } else {
            int row = image.width() * image.channels();
            Planes rows = Planes.packed(1, image.height(), row);
            run(source, position, image.channels(), count, row, 1, image.size(), clean, noisy, rows);
        }
    }

    /** Makes a batch in the program's own order without gaps: an image is one row of {@code imageSize} values. */
    public void run(
            BatchSource source, DeviceArray position, int count, int imageSize, DeviceArray clean, DeviceArray noisy) {
        run(source, position, 1, count, imageSize, 1, imageSize, clean, noisy, Planes.packed(1, 1, imageSize));
    }

    /** @param interleaved number of columns that a pixel of a patch takes */
    private void run(
            BatchSource source,
            DeviceArray position,
            int interleaved,
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
        KernelArguments arguments = new KernelArguments().add(source.pointer()).add(position);
        source.patches()
                .ifPresentOrElse(
                        patches -> arguments.add(patches).add(interleaved), () -> arguments.add(source.ring()));
        arguments.add(count).add(imageSize).add(width);
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
        kernels.launch(kernel(source, gaussian, vector), Grid.covering(count * ((imageSize + 3) / 4)), arguments);
    }

    private static BatchKernel kernel(BatchSource source, boolean gaussian, boolean vector) {
        boolean bytes = source.depth() == Depth.BITS_8;
        if (source.patches().isPresent()) {
            return !gaussian
                    ? bytes ? BatchKernel.GATHER_OTHER_PATCHES : BatchKernel.GATHER_OTHER_PATCHES_16
                    : vector
                            ? bytes ? BatchKernel.GATHER_PATCHES_VECTOR : BatchKernel.GATHER_PATCHES_VECTOR_16
                            : bytes ? BatchKernel.GATHER_PATCHES : BatchKernel.GATHER_PATCHES_16;
        }
        return !gaussian
                ? bytes ? BatchKernel.GATHER_OTHER_NOISE : BatchKernel.GATHER_OTHER_NOISE_16
                : vector
                        ? bytes ? BatchKernel.GATHER_NOISE_VECTOR : BatchKernel.GATHER_NOISE_VECTOR_16
                        : bytes ? BatchKernel.GATHER_NOISE : BatchKernel.GATHER_NOISE_16;
    }
}
