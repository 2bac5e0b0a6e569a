package daegpu.format;

import daegpu.data.InvalidInputException;
import daegpu.format.Safetensors.StoredTensor;
import daegpu.format.WeightsFile.Convention;
import daegpu.format.WeightsFile.Named;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Finds out which tensor of a file is which of a network's; {@link WeightsFile#named} says by which rule. */
final class WeightNames {

    /** One layer of a file, the index of whose kernel says where in the file it is; the bias is null if it has none. */
    private record Found(String name, List<Word> words, StoredTensor kernel, StoredTensor bias, int index) {}

    /** A word of a name, in lower case, without the numbers at its end, and these. */
    private record Word(String text, List<Integer> numbers) {}

    /** What a network is made of: its layers by this program's names. */
    private record Assignment(String shape, Map<String, Found> layers) {}

    private static final Pattern OWN_LAYER =
            Pattern.compile("conv\\d{1,2}|latent|expand|deconv\\d{1,2}|output|(down|up)\\d_\\d{1,2}");

    private static final Pattern WORD = Pattern.compile("(.*?)((?:_?\\d{1,9})*)");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Pattern TRANSPOSED = Pattern.compile("transpose|deconv|convt");
    /** What optimizers and generators of random numbers keep beside weights. */
    private static final Pattern NO_WEIGHTS = Pattern.compile("(optimizer|adam|sgd|rmsprop|seed_generator).*");

    /** More than any U-Net has. */
    private static final int MOST_LAYERS = 1_100;

    private static final int MOST_STEPS = 200_000;
    private static final int MOST_LISTED = 20;
    private static final int LONGEST_NAME = 60;

    private final Convention convention;
    private final List<Found> layers;
    /** For each layer, those that come before it. */
    private final List<BitSet> before = new ArrayList<>();

    private final List<Assignment> assignments = new ArrayList<>();
    private final Map<String, Found> chosen = new LinkedHashMap<>();
    private final BitSet used = new BitSet();
    private int steps;
    /** Whether a transposed convolution is only what is called so. */
    private boolean allSayTransposed;
    /** Channels of the image, once the first layer is chosen. */
    private int image;

    private WeightNames(Convention convention, List<Found> layers, boolean inOrderOfTheFile) {
        this.convention = convention;
        this.layers = layers;
        for (Found layer : layers) {
            BitSet earlier = new BitSet();
            for (int i = 0; i < layers.size(); i++) {
                Found other = layers.get(i);
                if (inOrderOfTheFile ? other.index < layer.index : isBefore(other.words, layer.words)) {
                    earlier.set(i);
                }
            }
            before.add(earlier);
        }
    }

    /**
     * The tensors of a file by this program's names, as the rule above finds them.
     *
     * @throws InvalidInputException if there is no network of which these are the weights, or more than one, or one in
     *     several ways; the message says what was found and what was expected
     */
    static Named of(Safetensors content) {
        Convention convention = convention(content);
        List<Found> layers = layers(content);
        boolean ownNames = layers.stream().allMatch(layer -> isOwn(layer.words));
        Optional<Safetensors> own = byOwnNames(content, layers, convention);
        if (own.isPresent() && (ownNames || isComplete(own.get(), convention))) {
            return new Named(own.get(), Map.of());
        }
        if (!ownNames) {
            List<Assignment> found = search(content, layers, convention);
            if (found.size() == 1) {
                return named(content, found.get(0).layers, convention);
            }
            if (found.size() > 1) {
                throw new InvalidInputException("its tensors make a network of this program in more than one way, and"
                        + " their names do not tell in which: " + describe(content));
            }
        }
        if (own.isEmpty()) {
            requireOneOfEach(layers);
        }
        long known = layers.stream().filter(layer -> isOwn(layer.words)).count();
        if (own.isPresent() && 2 * known > layers.size()) {
            return new Named(own.get(), Map.of()); // Whoever makes the network of it says what is missing.
        }
        throw new InvalidInputException("its tensors are those of no network of this program: " + describe(content));
    }

    /** What a file has and what it should have, in a part of a line. */
    static String describe(Safetensors content) {
        return "it has "
                + listed(content.tensors().stream()
                        .map(tensor -> shortened(tensor.name())
                                + Arrays.toString(tensor.shape()).replace(" ", ""))
                        .toList())
                + "; an autoencoder has the layers conv1, conv2…, latent, expand, deconv1, deconv2…, output, and a U-Net"
                + " down1_0, down1_1…, down2_0…, up1_0…, output, each with NAME/kernel (Keras) or NAME.weight (PyTorch)"
                + " and its bias";
    }

    /** Some of many, in a part of a line. */
    static String listed(List<String> all) {
        return all.isEmpty()
                ? "nothing"
                : all.stream().limit(MOST_LISTED).collect(Collectors.joining(", "))
                        + (all.size() > MOST_LISTED ? " and " + (all.size() - MOST_LISTED) + " more" : "");
    }

    private static String shortened(String name) {
        return name.length() <= LONGEST_NAME
                ? name
                : name.substring(0, LONGEST_NAME / 2) + "…" + name.substring(name.length() - LONGEST_NAME / 2);
    }

    /** The framework whose word for kernels the tensors have. */
    static Convention convention(Safetensors content) {
        Set<Convention> found = EnumSet.noneOf(Convention.class);
        for (String name : content.names()) {
            Convention convention = conventionOf(path(name));
            if (convention != null && content.tensor(name).shape().length > 1) {
                found.add(convention);
            }
        }
        if (found.size() != 1) {
            throw new InvalidInputException((found.isEmpty()
                            ? "it does not hold the weights of such a network: it has neither output/kernel (Keras) nor"
                                    + " output.weight (PyTorch): "
                            : "it has kernels as in Keras and weights as in PyTorch: ")
                    + describe(content));
        }
        return found.iterator().next();
    }

    /** Null for what is no kernel. */
    private static Convention conventionOf(List<String> path) {
        return Arrays.stream(Convention.values())
                .filter(convention -> last(path).equals(convention.kernel()))
                .findFirst()
                .orElse(null);
    }

    /** The words of a name. What Keras calls by numbers in its own files is called as elsewhere. */
    private static List<String> path(String name) {
        List<String> path = new ArrayList<>(List.of(name.replaceFirst(":0$", "").split("[./]")));
        int last = path.size() - 1;
        if (last > 0 && path.get(last - 1).equals("vars") && path.get(last).matches("[01]")) {
            path.set(last - 1, path.remove(last).equals("0") ? "kernel" : "bias");
        }
        return path.isEmpty() ? List.of(name) : path;
    }

    private static String last(List<String> path) {
        return path.get(path.size() - 1);
    }

    /** All kernels, with the biases beside them. */
    private static List<Found> layers(Safetensors content) {
        Map<String, StoredTensor> biases = new LinkedHashMap<>();
        for (String name : content.names()) {
            List<String> path = path(name);
            if (last(path).equals("bias")) {
                biases.put(layer(path), content.tensor(name));
            }
        }
        List<Found> layers = new ArrayList<>();
        int index = 0;
        for (String name : content.names()) {
            List<String> path = path(name);
            if (conventionOf(path) != null && !isNoWeight(content.tensor(name))) {
                List<Word> words = path.subList(0, path.size() - 1).stream()
                        .map(WeightNames::word)
                        .toList();
                layers.add(new Found(layer(path), words, content.tensor(name), biases.get(layer(path)), index));
            }
            index++;
        }
        return layers;
    }

    private static String layer(List<String> path) {
        return String.join("/", path.subList(0, path.size() - 1));
    }

    /** Whether a tensor is part of no network: of an optimizer, or a single number. */
    private static boolean isNoWeight(StoredTensor tensor) {
        return tensor.shape().length == 0
                || path(tensor.name()).stream().anyMatch(word -> NO_WEIGHTS
                        .matcher(word.toLowerCase(Locale.ROOT))
                        .matches());
    }

    private static Word word(String text) {
        Matcher matcher = WORD.matcher(text);
        if (!matcher.matches()) {
            return new Word(text.toLowerCase(Locale.ROOT), List.of());
        }
        return new Word(
                matcher.group(1).toLowerCase(Locale.ROOT),
                NUMBER.matcher(matcher.group(2))
                        .results()
                        .map(number -> Integer.valueOf(number.group()))
                        .toList());
    }

    private static boolean isOwn(List<Word> words) {
        return !words.isEmpty() && OWN_LAYER.matcher(lastName(words)).matches();
    }

    private static String lastName(List<Word> words) {
        if (words.isEmpty()) {
            return "";
        }
        Word last = words.get(words.size() - 1);
        return last.text + last.numbers.stream().map(String::valueOf).collect(Collectors.joining("_"));
    }

    /** The layers that have this program's names; empty if there are none, or two have the same. */
    private static Optional<Safetensors> byOwnNames(Safetensors content, List<Found> layers, Convention convention) {
        Map<String, Found> own = new LinkedHashMap<>();
        for (Found layer : layers) {
            if (isOwn(layer.words)) {
                String name = lastName(layer.words);
                Found other = own.get(name);
                boolean exact = layer.words.size() == 1;
                if (other != null && !exact && other.words.size() > 1) {
                    return Optional.empty();
                }
                if (other == null || exact) {
                    own.put(name, layer);
                }
            }
        }
        return own.isEmpty()
                ? Optional.empty()
                : Optional.of(named(content, own, convention).content());
    }

    private static void requireOneOfEach(List<Found> layers) {
        Map<String, String> own = new LinkedHashMap<>();
        for (Found layer : layers) {
            if (isOwn(layer.words)) {
                String other = own.put(lastName(layer.words), layer.name);
                if (other != null) {
                    throw new InvalidInputException("it has more than one layer " + lastName(layer.words) + ": "
                            + shortened(other) + " and " + shortened(layer.name)
                            + "; leave one set of weights in the file");
                }
            }
        }
    }

    /** Whether this is a whole network, by the names of its first and last layers. */
    private static boolean isComplete(Safetensors own, Convention convention) {
        Set<String> names = own.names();
        return names.contains(convention.kernelName("output"))
                && (names.contains(convention.kernelName("down1_0"))
                        || names.contains(convention.kernelName("conv1"))
                                && names.contains(convention.kernelName("latent")));
    }

    private static Named named(Safetensors content, Map<String, Found> layers, Convention convention) {
        List<StoredTensor> tensors = new ArrayList<>();
        Map<String, String> origins = new LinkedHashMap<>();
        layers.forEach((name, layer) -> {
            tensors.add(new StoredTensor(convention.kernelName(name), layer.kernel.shape(), layer.kernel.values()));
            if (layer.bias != null) {
                tensors.add(new StoredTensor(convention.biasName(name), layer.bias.shape(), layer.bias.values()));
            }
            if (!isOwn(layer.words) || !lastName(layer.words).equals(name)) {
                origins.put(name, layer.name);
            }
        });
        return new Named(new Safetensors(content.metadata(), tensors), origins);
    }

    private static List<Assignment> search(Safetensors content, List<Found> layers, Convention convention) {
        long taken = layers.size()
                + layers.stream().filter(layer -> layer.bias != null).count();
        long weights = content.names().stream()
                .filter(name -> !isNoWeight(content.tensor(name)))
                .count();
        if (taken != weights || layers.size() > MOST_LAYERS) {
            return List.of();
        }
        List<Assignment> found = new WeightNames(convention, layers, false).search();
        List<String> names = List.copyOf(content.names());
        boolean ordered = !names.equals(names.stream().sorted().toList());
        return found.size() > 1 && ordered ? new WeightNames(convention, layers, true).search() : found;
    }

    private List<Assignment> search() {
        long dense = layers.stream()
                .filter(layer -> layer.kernel.shape().length == 2)
                .count();
        allSayTransposed = dense == 0 && layers.stream().anyMatch(WeightNames::saysTransposed);
        if (dense == 2 && layers.size() % 2 == 1) {
            autoencoder(0, (layers.size() - 3) / 2, new ArrayList<>());
        } else if (dense == 0) {
            down(new ArrayList<>(), new ArrayList<>());
        }
        return assignments;
    }

    /**
     * Chooses the layers of an autoencoder from one on.
     *
     * @param at how many come before it
     * @param convolutions of the encoder
     * @param channels what each convolution of the encoder puts out
     */
    private void autoencoder(int at, int convolutions, List<Integer> channels) {
        int all = 2 * convolutions + 3;
        if (at == all) {
            found("an autoencoder");
        } else if (at < convolutions) {
            choose("conv" + (at + 1), Kind.CONVOLUTION, last(channels, 0), true, (in, out) -> {
                image = at == 0 ? in : image;
                channels.add(out);
                autoencoder(at + 1, convolutions, channels);
                channels.remove(channels.size() - 1);
            });
        } else if (at == convolutions) {
            choose("latent", Kind.DENSE, 0, true, (in, out) -> {
                if (in % last(channels, 1) == 0) {
                    expand(in, out, convolutions, channels);
                }
            });
        } else {
            int up = at - convolutions - 2;
            boolean last = at == all - 1;
            choose(
                    last ? "output" : "deconv" + (up + 1),
                    Kind.TRANSPOSED,
                    up == 0 ? last(channels, 0) : channels.get(convolutions - up),
                    true,
                    (in, out) -> {
                        if (out == (last ? image : channels.get(convolutions - 1 - up))) {
                            autoencoder(at + 1, convolutions, channels);
                        }
                    });
        }
    }

    private void expand(int units, int latent, int convolutions, List<Integer> channels) {
        choose("expand", Kind.DENSE, latent, true, (in, out) -> {
            if (out == units) {
                autoencoder(convolutions + 2, convolutions, channels);
            }
        });
    }

    /** Chooses the layers of a U-Net from one on the way down on; lists say what was chosen of each level. */
    private void down(List<Integer> filters, List<Integer> blocks) {
        int level = filters.size();
        if (level == 0) {
            chooseUnet("down1_0", Kind.CONVOLUTION, 0, (in, out) -> {
                image = in;
                nextLevel(out, filters, blocks);
            });
            return;
        }
        int here = filters.get(level - 1);
        int block = blocks.get(level - 1);
        chooseUnet("down" + level + "_" + (block + 1), Kind.CONVOLUTION, here, (in, out) -> {
            if (out == here) {
                blocks.set(level - 1, block + 1);
                down(filters, blocks);
                blocks.set(level - 1, block);
            }
        });
        chooseUnet("down" + (level + 1) + "_0", Kind.CONVOLUTION, here, (in, out) -> nextLevel(out, filters, blocks));
        up(level - 1, 0, filters, blocks);
    }

    private void nextLevel(int out, List<Integer> filters, List<Integer> blocks) {
        filters.add(out);
        blocks.add(0);
        down(filters, blocks);
        filters.remove(filters.size() - 1);
        blocks.remove(blocks.size() - 1);
    }

    /**
     * The same on the way up.
     *
     * @param level to which the next transposed convolution goes, counted from 1; 0 where there is none
     * @param missing convolutions of the level before that, which come first
     */
    private void up(int level, int missing, List<Integer> filters, List<Integer> blocks) {
        int here = filters.get(level);
        if (missing > 0) {
            chooseUnet(
                    "up" + (level + 1) + "_" + (blocks.get(level) - missing + 1), Kind.CONVOLUTION, here, (in, out) -> {
                        if (out == here) {
                            up(level, missing - 1, filters, blocks);
                        }
                    });
        } else if (level == 0) {
            chooseUnet("output", Kind.CONVOLUTION, here, (in, out) -> {
                if (out == image && used.cardinality() == layers.size()) {
                    found("a U-Net of " + filters + " and " + blocks);
                }
            });
        } else {
            chooseUnet("up" + level + "_0", Kind.TRANSPOSED, here, (in, out) -> {
                if (out == filters.get(level - 1)) {
                    up(level - 1, blocks.get(level - 1), filters, blocks);
                }
            });
        }
    }

    /** All layers of a U-Net have biases, or none has. */
    private void chooseUnet(String name, Kind kind, int channels, Next next) {
        choose(name, kind, channels, layers.get(0).bias != null, next);
    }

    private void found(String shape) {
        Assignment assignment = new Assignment(shape, new LinkedHashMap<>(chosen));
        if (!assignments.contains(assignment)) {
            assignments.add(assignment);
        }
    }

    /** What a layer does. */
    private enum Kind {
        CONVOLUTION,
        TRANSPOSED,
        DENSE
    }

    /** What is chosen after a layer that takes in and puts out so many channels. */
    private interface Next {
        void choose(int in, int out);
    }

    /**
     * Tries all layers that are left and fit.
     *
     * @param channels what it takes in; 0 for any
     * @param biased whether it has a bias
     */
    private void choose(String name, Kind kind, int channels, boolean biased, Next next) {
        for (int i = 0; i < layers.size() && assignments.size() < 2; i++) {
            steps++;
            if (steps > MOST_STEPS) {
                throw new InvalidInputException(
                        "its tensors may make a network of this program in too many ways for all to be tried: rename"
                                + " them as export names them");
            }
            Found layer = layers.get(i);
            BitSet missing = (BitSet) before.get(i).clone();
            missing.andNot(used);
            if (used.get(i) || !missing.isEmpty() || (layer.bias != null) != biased || !canBe(layer, kind)) {
                continue;
            }
            int in = in(layer.kernel.shape(), kind);
            int out = out(layer.kernel.shape(), kind);
            if ((channels == 0 || in == channels)
                    && in > 0
                    && out > 0
                    && (layer.bias == null || Arrays.equals(layer.bias.shape(), new int[] {out}))) {
                used.set(i);
                chosen.put(name, layer);
                next.choose(in, out);
                chosen.remove(name);
                used.clear(i);
            }
        }
    }

    private static int last(List<Integer> list, int otherwise) {
        return list.isEmpty() ? otherwise : list.get(list.size() - 1);
    }

    private boolean canBe(Found layer, Kind kind) {
        int dimensions = layer.kernel.shape().length;
        if (kind == Kind.DENSE) {
            return dimensions == 2;
        }
        boolean transposed = saysTransposed(layer);
        boolean named = kind == Kind.CONVOLUTION
                ? !transposed
                : transposed || !allSayTransposed && !lastName(layer.words).startsWith("conv2d");
        return dimensions == 4 && named;
    }

    private static boolean saysTransposed(Found layer) {
        return !layer.words.isEmpty()
                && TRANSPOSED.matcher(lastName(layer.words)).find();
    }

    private int in(int[] shape, Kind kind) {
        boolean keras = convention == Convention.KERAS;
        return switch (kind) {
            case CONVOLUTION -> shape[keras ? 2 : 1];
            case TRANSPOSED -> shape[keras ? 3 : 0];
            case DENSE -> shape[keras ? 0 : 1];
        };
    }

    private int out(int[] shape, Kind kind) {
        boolean keras = convention == Convention.KERAS;
        return switch (kind) {
            case CONVOLUTION -> shape[keras ? 3 : 0];
            case TRANSPOSED -> shape[keras ? 2 : 1];
            case DENSE -> shape[keras ? 1 : 0];
        };
    }

    /** Whether names say that one layer is before another. */
    private static boolean isBefore(List<Word> one, List<Word> other) {
        for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
            String first = one.get(i).text;
            String second = other.get(i).text;
            if (!first.equals(second)) {
                return first.startsWith("enc") && second.startsWith("dec")
                        || first.startsWith("down") && second.startsWith("up");
            }
            int difference = compare(one.get(i).numbers, other.get(i).numbers);
            if (difference != 0) {
                return difference < 0;
            }
        }
        return false;
    }

    private static int compare(List<Integer> one, List<Integer> other) {
        for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
            int difference = one.get(i).compareTo(other.get(i));
            if (difference != 0) {
                return difference;
            }
        }
        return Integer.compare(one.size(), other.size());
    }
}
