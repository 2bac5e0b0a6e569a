package daegpu.cli;

import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** The options that describe a new network. */
final class NetworkOptions {

    /** Their names. */
    static final Set<String> NAMES = Set.of("--filters", "--kernel-size", "--latent-dim");

    @Option(
            names = "--filters",
            paramLabel = "N,N",
            split = ",",
            defaultValue = "32,64",
            description = "Filters of each convolution, first to last (default: ${DEFAULT-VALUE}).")
    List<Integer> filters;

    @Option(
            names = "--kernel-size",
            paramLabel = "N",
            defaultValue = "3",
            description = "Height and width of the kernels: 1, 3, 5 or 7 (default: ${DEFAULT-VALUE}).")
    int kernelSize;

    @Option(
            names = "--latent-dim",
            paramLabel = "N",
            defaultValue = "16",
            description = "Units of the bottleneck (default: ${DEFAULT-VALUE}).")
    int latentDimension;
}
