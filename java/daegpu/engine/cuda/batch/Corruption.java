package daegpu.engine.cuda.batch;

import daegpu.data.Depth;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Tensor;
import daegpu.noise.BlindSpots;
import daegpu.noise.Noise;
import java.util.Optional;

/**
 * Makes a batch of scaled and corrupted images on the device, from the place in the order that the state of a step has.
 */
public final class Corruption {

    private final KernelLibrary kernels;

    /** Makes batches with these kernels. */
    public Corruption(KernelLibrary kernels) {
        this.kernels = kernels;
    }

    /**
     * Makes a batch in the layout that the first layer of a network needs.
     *
     * @param mask receives the weight of each value in the loss, if there are blind spots, scaled so that the weights
     *     of an image add up to its number of values
     */
    public void run(
            BatchSource source,
            DeviceArray position,
            int count,
            Tensor image,
            DeviceArray clean,
            DeviceTensor noisyImages,
            Optional<DeviceArray> mask) {
        DeviceArray noisy = noisyImages.memory();
        Planes noisyPlanes = noisyImages.planes();
        if (source.hasInputs() || source.blindSpots().isPresent()) {
            runOnPairs(source, position, count, image, clean, noisyImages, mask);
        } else if (noisyPlanes.size() != image.size() || noisyPlanes.channels() != 1) {
            run(source, position, 1, count, image.width(), image.channels(), image.size(), clean, noisy, noisyPlanes);
        } else if (source.targets().isEmpty()) {
            run(source, position, count, image.size(), clean, noisy);
        } else {
            int row = image.width() * image.channels();
            Planes rows = Planes.packed(1, image.height(), row);
            run(source, position, image.channels(), count, row, 1, image.size(), clean, noisy, rows);
        }
    }

    private void runOnPairs(
            BatchSource source,
            DeviceArray position,
            int count,
            Tensor image,
            DeviceArray clean,
            DeviceTensor noisy,
            Optional<DeviceArray> mask) {
        Noise noise = source.noise();
        Planes planes = noisy.planes();
        boolean planar = planes.size() != image.size() || planes.channels() != 1;
        int height = image.height();
        int width = image.width();
        Optional<BlindSpots> spots = source.blindSpots();
        KernelArguments arguments = new KernelArguments()
                .add(source.pointer())
                .add(position)
                .add(source.ring())
                .add(source.targets())
                .add(source.inputs())
                .add(source.hasInputs() ? 1 : 0)
                .add(count)
                .add(height)
                .add(width)
                .add(image.channels())
                .add(planar ? 1 : 0)
                .add(clean)
                .add(noisy.memory())
                .add(planes.plane())
                .add(planes.pitch())
                .add(noise.least())
                .add(noise.greatest())
                .add(noise.kind().ordinal())
                .add(source.photons())
                .add(spots.map(some -> some.cellsDown(height)).orElse(0))
                .add(spots.map(some -> some.cellsAcross(width)).orElse(0))
                .add(spots.map(BlindSpots::structureHeight).orElse(0))
                .add(spots.map(BlindSpots::structureWidth).orElse(0))
                .add(spots.map(some -> (float) ((double) height * width / some.count(height, width)))
                        .orElse(0f))
                .add(mask);
        kernels.launch(
                source.depth() == Depth.BITS_8 ? BatchKernel.GATHER_PAIRS : BatchKernel.GATHER_PAIRS_16,
                Grid.covering(count * ((image.size() + 3) / 4)),
                arguments);
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
        source.targets()
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
        if (source.targets().isPresent()) {
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
