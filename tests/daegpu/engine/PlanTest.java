package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.engine.Plan.Buffer;
import daegpu.engine.Plan.Life;
import daegpu.model.Autoencoder;
import daegpu.model.Layer.Activation;
import daegpu.model.LayerDescription;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlanTest {

    private static final Network SEED = Autoencoder.MNIST.network();

    @Test
    void trainsTheDefaultNetworkThereAndBack() {
        assertEquals("""
                forward  conv1 = relu(convolution 3x3/2 of input + bias)
                forward  conv2 = relu(convolution 3x3/2 of conv1 + bias)
                forward  latent = linear(dense of conv2 + bias)
                forward  expand = linear(dense of latent + bias)
                forward  deconv1 = relu(transposed convolution 3x3/2 of expand + bias)
                forward  deconv2 = relu(transposed convolution 3x3/2 of deconv1 + bias)
                forward  output = sigmoid(transposed convolution 3x3/1 of deconv2 + bias)
                loss     of output; gradient at it, through the sigmoid of output
                backward output: kernel, bias; gradient at deconv2 = data gradient, through the relu of deconv2
                backward deconv2: kernel, bias; gradient at deconv1 = data gradient, through the relu of deconv1
                backward deconv1: kernel, bias; gradient at expand = data gradient
                backward expand: kernel, bias; gradient at latent = data gradient
                backward latent: kernel, bias; gradient at conv2 = data gradient, through the relu of conv2
                backward conv2: kernel, bias; gradient at conv1 = data gradient, through the relu of conv1
                backward conv1: kernel, bias
                """, Plan.training(SEED, false).toString());
    }

    @Test
    void trainsAUNetWithoutAnOperationForItsSkips() {
        assertEquals("""
                forward  down1 = relu(convolution 3x3/1 of input + bias)
                forward  down2_0 = relu(convolution 3x3/2 of down1 + bias)
                forward  down2_1 = relu(convolution 3x3/1 of down2_0 + bias)
                forward  down3_0 = relu(convolution 3x3/2 of down2_1 + bias)
                forward  down3_1 = relu(convolution 3x3/1 of down3_0 + bias)
                forward  up2_0 = linear(transposed convolution 3x3/2 of down3_1 + bias + down2_1)
                forward  up2_1 = relu(convolution 3x3/1 of up2_0 + bias)
                forward  up1_0 = linear(transposed convolution 3x3/2 of up2_1 + bias + down1)
                forward  up1_1 = relu(convolution 3x3/1 of up1_0 + bias)
                forward  output = linear(convolution 3x3/1 of up1_1 + bias + input)
                loss     of output; gradient at it
                backward output: kernel, bias; gradient at up1_1 = data gradient, through the relu of up1_1
                backward up1_1: kernel, bias; gradient at up1_0 = data gradient
                backward up1_0: kernel, bias; gradient at up2_1 = data gradient, through the relu of up2_1
                backward up2_1: kernel, bias; gradient at up2_0 = data gradient
                backward up2_0: kernel, bias; gradient at down3_1 = data gradient, through the relu of down3_1
                backward down3_1: kernel, bias; gradient at down3_0 = data gradient, through the relu of down3_0
                backward down3_0: kernel, bias; gradient at down2_1 = that at up2_0 + data gradient, \
                through the relu of down2_1
                backward down2_1: kernel, bias; gradient at down2_0 = data gradient, through the relu of down2_0
                backward down2_0: kernel, bias; gradient at down1 = that at up1_0 + data gradient, \
                through the relu of down1
                backward down1: kernel, bias
                """, Plan.training(Networks.unet(), false).toString());
    }

    /** Read by two layers and added twice, once after the last data gradient. */
    @Test
    void sumsTheGradientsOfATensorWithSeveralReaders() {
        Network.Builder network = new Network.Builder(4, 4, 2);
        Tensor a = network.add(layer("a"), network.input());
        Tensor b = network.add(layer("b").adding(a), network.input());
        Tensor c = network.add(layer("c").bias(false), a);
        Tensor d = network.add(layer("d").adding(a), c);
        Tensor e = network.add(layer("e").adding(b), a);
        network.add(layer("f").adding(d), e);
        assertEquals("""
                forward  a = relu(convolution 3x3/1 of input + bias)
                forward  b = relu(convolution 3x3/1 of input + bias + a)
                forward  c = relu(convolution 3x3/1 of a)
                forward  d = relu(convolution 3x3/1 of c + bias + a)
                forward  e = relu(convolution 3x3/1 of a + bias + b)
                forward  f = relu(convolution 3x3/1 of e + bias + d)
                loss     of f; gradient at it, through the relu of f
                backward f: kernel, bias; gradient at e = data gradient, through the relu of e
                backward e: kernel, bias; gradient at a = data gradient
                sum      gradient at d = that at f, through the relu of d
                backward d: kernel, bias; gradient at c = data gradient, through the relu of c
                backward c: kernel; gradient at a = what is there + that at d + data gradient
                sum      gradient at b = that at e, through the relu of b
                backward b: kernel, bias
                sum      gradient at a = what is there + that at b, through the relu of a
                backward a: kernel, bias
                """, Plan.training(network.build(), false).toString());
    }

    private static LayerDescription layer(String name) {
        return LayerDescription.convolution(name, 2, 3, 1).activation(Activation.RELU);
    }

    @Test
    void infersWhatIsAskedForAndNoMore() {
        Tensor latent = SEED.latent().orElseThrow();
        assertEquals("""
                forward  conv1 = relu(convolution 3x3/2 of input + bias)
                forward  conv2 = relu(convolution 3x3/2 of conv1 + bias)
                forward  latent = linear(dense of conv2 + bias)
                """, Plan.inference(SEED, SEED.input(), latent).toString());
        assertEquals("""
                forward  expand = linear(dense of latent + bias)
                forward  deconv1 = relu(transposed convolution 3x3/2 of expand + bias)
                forward  deconv2 = relu(transposed convolution 3x3/2 of deconv1 + bias)
                forward  output = sigmoid(transposed convolution 3x3/1 of deconv2 + bias)
                """, Plan.inference(SEED, latent, SEED.output()).toString());
    }

    @Test
    void refusesWhatCannotBeComputed() {
        Network unet = Networks.unet();
        Tensor bottom = unet.layer("down3_1").output();
        assertEquals(
                "output 16x16x1 cannot be computed from down3_1 4x4x16 alone",
                assertThrows(IllegalArgumentException.class, () -> Plan.inference(unet, bottom, unet.output()))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> Plan.inference(SEED, SEED.output(), SEED.input()));
        assertThrows(IllegalArgumentException.class, () -> Plan.inference(SEED, SEED.input(), SEED.input()));
    }

    /** By hand: what comes next to each other in the inference of the default network, and the largest two of those. */
    @Test
    void inferenceNeedsTheMemoryOfTheLargestTwoNeighbours() {
        Plan plan = Plan.inference(SEED, SEED.input(), SEED.output());
        Arena arena = plan.arena(buffer -> buffer.tensor().size(), 1);
        assertEquals(14 * 14 * 64 + 28 * 28 * 32, arena.bytes());
        assertEquals(new Life(0, 0), plan.lives().get(Buffer.values(SEED.input())));
        assertEquals(
                new Life(4, 5),
                plan.lives().get(Buffer.values(SEED.layer("deconv1").output())));
        assertEquals(new Life(6, 6), plan.lives().get(Buffer.values(SEED.output())));
    }

    @Test
    void trainingKeepsValuesUntilTheWayBackHasPassed() {
        Map<Buffer, Life> lives = Plan.training(SEED, false).lives();
        assertEquals(new Life(0, 14), lives.get(Buffer.values(SEED.input())));
        assertEquals(
                new Life(0, 13), lives.get(Buffer.values(SEED.layer("conv1").output())));
        assertEquals(new Life(6, 7), lives.get(Buffer.values(SEED.output())));
        assertEquals(new Life(7, 8), lives.get(Buffer.gradient(SEED.output())));
        assertEquals(
                new Life(13, 14), lives.get(Buffer.gradient(SEED.layer("conv1").output())));
        assertFalse(lives.containsKey(Buffer.gradient(SEED.input())));
        lives = Plan.training(SEED, true).lives();
        assertEquals(new Life(6, 14), lives.get(Buffer.values(SEED.output())));
    }

    /** The gradient at what a skip was added to is needed until the skip's own gradient is made. */
    @Test
    void aGradientLivesUntilItsSkipHasTakenIt() {
        Network unet = Networks.unet();
        Map<Buffer, Life> lives = Plan.training(unet, false).lives();
        assertEquals(
                new Life(12, 19), lives.get(Buffer.gradient(unet.layer("up1_0").output())));
        assertEquals(
                new Life(14, 17), lives.get(Buffer.gradient(unet.layer("up2_0").output())));
        assertEquals(
                new Life(0, 19), lives.get(Buffer.values(unet.layer("down1").output())));
    }

    /** On random networks: nothing that is needed at the same time shares memory, and nothing lies outside. */
    @Test
    void arenasKeepApartWhatLivesTogether() {
        Seeds.check(200, random -> {
            Network network = Networks.random(random);
            boolean keeps = random.nextBoolean();
            Plan plan = Plan.training(network, keeps);
            long alignment = 1L << random.nextInt(5);
            Arena arena = plan.arena(buffer -> buffer.tensor().size() * (buffer.isGradient() ? 2L : 4L), alignment);
            List<Map.Entry<Buffer, Life>> lives = new ArrayList<>(plan.lives().entrySet());
            long all = 0;
            for (Map.Entry<Buffer, Life> one : lives) {
                long first = arena.offset(one.getKey());
                long size = one.getKey().tensor().size() * (one.getKey().isGradient() ? 2L : 4L);
                all += size + alignment;
                assertEquals(0, first % alignment);
                assertTrue(first >= 0 && first + size <= arena.bytes());
                for (Map.Entry<Buffer, Life> other : lives) {
                    if (one != other && one.getValue().meets(other.getValue())) {
                        long second = arena.offset(other.getKey());
                        long otherSize =
                                other.getKey().tensor().size() * (other.getKey().isGradient() ? 2L : 4L);
                        assertTrue(first + size <= second || second + otherSize <= first);
                    }
                }
            }
            assertTrue(arena.bytes() <= all);
        });
    }
}
