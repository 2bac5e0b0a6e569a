package daegpu.engine.cuda.batch;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Network;
import daegpu.noise.Noise;

/**
 * Makes a batch on the device: scaled and corrupted images, from the place in the order that the state of a step has.
 */
public final class Corruption {

    private final KernelLibrary kernels;

    public Corruption(KernelLibrary kernels) {
        this.kernels = kernels;
    }

    /** For the network: as its first layer wants it. */
    public void run(
            BatchSource source,
            DeviceArray position,
            int count,
            Network network,
            DeviceArray clean,
            DeviceArray noisy,
            Planes noisyPlanes) {
        if (noisyPlanes.size() == network.input().size() && noisyPlanes.channels() == 1) {
            run(source, position, count, network.input().size(), clean, noisy);
        } else {
            run(
                    source,
                    position,
                    count,
                    network.input().width(),
                    network.input().channels(),
                    network.input().size(),
                    clean,
                    noisy,
                    noisyPlanes.plane(),
                    noisyPlanes.pitch());
        }
    }

    /** In the program's own order, without gaps: an image is then one row of so many values. */
    void run(BatchSource source, DeviceArray position, int count, int imageSize, DeviceArray clean, DeviceArray noisy) {
        run(source, position, count, imageSize, 1, imageSize, clean, noisy, imageSize, imageSize);
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
            int plane,
            int pitch) {
        int threads = count * ((imageSize + 3) / 4);
        if (source.kind() != Noise.Kind.GAUSSIAN) {
            Object photonsOrNull = source.photons() == null ? (Object) 0L : source.photons();
            kernels.launch(
                    BatchKernel.GATHER_OTHER_NOISE,
                    threads,
                    source.pointer(),
                    position,
                    source.ring(),
                    count,
                    imageSize,
                    width,
                    channels,
                    clean,
                    noisy,
                    plane,
                    pitch,
                    source.kind().ordinal(),
                    photonsOrNull);
        } else if (channels == 1 && width % 4 == 0 && pitch % 4 == 0 && plane % 4 == 0) {
            kernels.launch(
                    BatchKernel.GATHER_NOISE_VECTOR,
                    threads,
                    source.pointer(),
                    position,
                    source.ring(),
                    count,
                    imageSize,
                    width,
                    clean,
                    noisy,
                    plane,
                    pitch);
        } else {
            kernels.launch(
                    BatchKernel.GATHER_NOISE,
                    threads,
                    source.pointer(),
                    position,
                    source.ring(),
                    count,
                    imageSize,
                    width,
                    channels,
                    clean,
                    noisy,
                    plane,
                    pitch);
        }
    }
}
