package daegpu.cli;

import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.UNet;
import java.util.Arrays;
import java.util.List;
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
        AUTOENCODER("autoencoder", List.of(32, 64), List.of()),
        UNET_SMALL("unet-small", List.of(16, 32, 64), List.of(1, 1, 1)),
        UNET("unet", List.of(32, 64, 128), List.of(1, 1, 2)),
        UNET_LARGE("unet-large", List.of(64, 128, 256), List.of(2, 2, 4));

        private final String text;
        private final List<Integer> filters;
        private final List<Integer> blocks;

        Choice(String text, List<Integer> filters, List<Integer> blocks) {
            this.text = text;
            this.filters = filters;
            this.blocks = blocks;
        }

        @Override
        public String toString() {
            return text;
        }

        static Choice of(String name) {
            return Arrays.stream(values())
                    .filter(choice -> choice.text.equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no network called " + name
                            + "; there are autoencoder, unet-small, unet and unet-large"));
        }
    }

    @Option(
            names = "--network",
            paramLabel = "NAME",
            defaultValue = "autoencoder",
            description = "Which network: ${COMPLETION-CANDIDATES}. The autoencoder has a bottleneck; it is for small "
                    + "images such as digits. A unet has skips in place of one; it is for photographs. unet-small "
                    + "takes 16,000, unet 74,000 and unet-large 517,000 multiply-adds for each pixel "
                    + "(default: ${DEFAULT-VALUE}).")
    Choice network;

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
            description = "Whether a unet adds its correction to the input, or puts out the image itself (default: it "
                    + "adds).")
    Boolean residual;

    @Option(
            names = "--bias",
            negatable = true,
            description = "Whether a unet's layers have biases; without them, it keeps working at noise that it was "
                    + "not trained on (default: they have).")
    Boolean bias;

    /**
     * The network that is asked for, for images of any size.
     *
     * @throws IllegalArgumentException if there is none, or an option is none of this network's
     */
    Architecture architecture() {
        if (network == Choice.AUTOENCODER) {
            requireAbsent("--blocks", blocks);
            requireAbsent("--residual", residual);
            requireAbsent("--bias", bias);
            return Autoencoder.smallest(
                    filters != null ? filters : network.filters,
                    kernelSize != null ? kernelSize : Autoencoder.MNIST.kernelSize(),
                    latentDimension != null ? latentDimension : Autoencoder.MNIST.latentDimension());
        }
        requireAbsent("--kernel-size", kernelSize);
        requireAbsent("--latent-dim", latentDimension);
        List<Integer> levels = filters != null ? filters : network.filters;
        if (blocks == null && levels.size() != network.blocks.size()) {
            throw new IllegalArgumentException("--filters names " + levels.size() + " levels, and " + network + " has "
                    + network.blocks.size() + ": give --blocks a number for each, too");
        }
        return UNet.smallest(
                levels, blocks != null ? blocks : network.blocks, residual == null || residual, bias == null || bias);
    }

    private void requireAbsent(String name, Object value) {
        if (value != null) {
            throw new IllegalArgumentException(name + " is no option of --network " + network);
        }
    }
}
