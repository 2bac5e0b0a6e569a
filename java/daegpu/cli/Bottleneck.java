package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.model.Network;
import daegpu.model.Tensor;

/** For commands that need a network's bottleneck. */
final class Bottleneck {

    private Bottleneck() {}

    /**
     * What the encoder puts out.
     *
     * @throws InvalidInputException if the network has no bottleneck
     */
    static Tensor of(Network network) {
        return network.latent()
                .orElseThrow(() ->
                        new InvalidInputException("this model has no latent vectors: its network has no bottleneck"));
    }
}
