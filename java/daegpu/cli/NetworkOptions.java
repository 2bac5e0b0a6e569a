package daegpu.cli;

import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.UNet;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Option;

/** The options that describe a new network. */
final class NetworkOptions {

    /** Their names. */
    static final Set<String> NAMES = Set.of(
            "--network",
            "--filters",
            "--kernel-size",
            "--latent-dim",
            "--blocks",
            "--residual",
            "--no-residual",
            "--bias",
            "--no-bias");

    /** The networks by name. */
    enum Choice {
        AUTOENCODER,
        UNET_SMALL,
        UNET,
        UNET_LARGE;

        /** As users write it: {@code unet-small}. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        static Choice of(String name) {
            return Arrays.stream(values())
                    .filter(choice -> choice.toString().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no network called " + name
                            + "; choose one of autoencoder, unet-small, unet, unet-large"));
        }

        private List<Integer> defaultFilters() {
            return switch (this) {
                case AUTOENCODER -> List.of(32, 64);
                case UNET_SMALL -> List.of(16, 32, 64);
                case UNET -> List.of(32, 64, 128);
                case UNET_LARGE -> List.of(64, 128, 256);
            };
        }

        private List<Integer> defaultBlocks() {
            return switch (this) {
                case AUTOENCODER -> List.of();
                case UNET_SMALL -> List.of(1, 1, 1);
                case UNET -> List.of(1, 1, 2);
                case UNET_LARGE -> List.of(2, 2, 4);
            };
        }
    }

    @Option(
            names = "--network",
            paramLabel = "NAME",
            description =
                    "The kind of network: ${COMPLETION-CANDIDATES}. The autoencoder has a bottleneck and is for small "
                            + "images such as digits. A unet has skips instead and is for photographs. unet-small takes "
                            + "16,000, unet 74,000 and unet-large 517,000 multiply-adds for each pixel "
                            + "(default: autoencoder; unet for pictures that are noisy already).")
    private Choice network;

    @Option(
            names = "--filters",
            paramLabel = "N,N",
            split = ",",
            description = "Filters of each convolution of the autoencoder, or of each level of a unet, first to last "
                    + "(default: 32,64 for the autoencoder, 32,64,128 for unet).")
    List<Integer> filters;

    @Option(
            names = "--kernel-size",
            paramLabel = "N",
            description = "Height and width of the autoencoder's kernels: 1, 3, 5 or 7 (default: 3).")
    Integer kernelSize;

    @Option(
            names = "--latent-dim",
            paramLabel = "N",
            description = "Units of the autoencoder's bottleneck (default: 16).")
    Integer latentDimension;

    @Option(
            names = "--blocks",
            paramLabel = "N,N",
            split = ",",
            description = "Convolutions of stride 1 on each level of a unet, first to last (default: 1,1,2 for unet).")
    List<Integer> blocks;

    @Option(
            names = "--residual",
            negatable = true,
            description =
                    "A unet puts out a correction, which is added to its input; with --no-residual it puts out the "
                            + "image itself (default: --residual).")
    Boolean residual;

    @Option(
            names = "--bias",
            negatable = true,
            description = "The layers of a unet have biases; with --no-bias they have none, and the network also works "
                    + "with noise that is weaker or stronger than in its training (default: --bias).")
    Boolean bias;

    /**
     * The network that is asked for, for images of any size.
     *
     * @param areNoisy whether the images are pictures that are noisy already
     * @throws IllegalArgumentException if there is none, or an option is none of this network's
     */
    Architecture architecture(boolean areNoisy) {
        if (network == null) {
            network = areNoisy ? Choice.UNET : Choice.AUTOENCODER;
        }
        if (network == Choice.AUTOENCODER) {
            requireAbsent("--blocks", blocks);
            requireAbsent("--residual", residual);
            requireAbsent("--bias", bias);
            return Autoencoder.smallest(
                    filters != null ? filters : network.defaultFilters(),
                    kernelSize != null ? kernelSize : Autoencoder.MNIST.kernelSize(),
                    latentDimension != null ? latentDimension : Autoencoder.MNIST.latentDimension());
        }
        requireAbsent("--kernel-size", kernelSize);
        requireAbsent("--latent-dim", latentDimension);
        List<Integer> levels = filters != null ? filters : network.defaultFilters();
        if (blocks == null && levels.size() != network.defaultBlocks().size()) {
            throw new IllegalArgumentException("--filters names " + levels.size() + " levels, and " + network + " has "
                    + network.defaultBlocks().size() + ": give --blocks a number for each, too");
        }
        return UNet.smallest(
                levels,
                blocks != null ? blocks : network.defaultBlocks(),
                residual == null || residual,
                bias == null || bias);
    }

    private void requireAbsent(String name, Object value) {
        if (value != null) {
            throw new IllegalArgumentException(name + " is not an option of --network " + network);
        }
    }
}
