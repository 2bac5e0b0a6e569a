"""Records what Keras computes for small networks, for the parity tests of every engine.

    python3 -m venv keras-venv
    keras-venv/bin/pip install keras==3.15.1 tensorflow-cpu==2.21.0
    keras-venv/bin/python tests/golden/record_with_keras.py

writes one safetensors file for each entry of NETWORKS beside this script, in the format of tiny.safetensors and
seed.safetensors, which their metadata describes. `parity` replays them. The names say what is unusual about each network:
kernel size, then height x width x channels.

Every network is computed a second time in float64 from the same float32 start. A value that differs much between the two is
decided by rounding (a pre-activation beside the kink of a ReLU, say) and would say nothing about an engine, so the script
then refuses to write the file; another seed helps.
"""

import json
import os
import pathlib
import struct

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

STEPS = 5
LEARNING_RATE = 0.001
# Largest difference between float32 and float64 that is recorded, relative to the largest magnitude in a tensor. Engines
# are held to 2e-5.
MOST_ROUNDING = 5e-6

LOSS = ("mean over batch, height, width and channels of the squared error of activation.output against input.clean;"
        " losses[s] is the loss before update s+1")
TENSORS = ("input.clean, input.noisy [batch,h,w,c]; initial.*, after1.*, afterN.* parameters before, after the first and"
           " after all N updates; activation.* after bias and nonlinearity and gradient.* of the loss, both at the initial"
           " parameters")

NETWORKS = {
    # Three layers: the innermost convolution sees an image two pixels wide, narrower than its kernel.
    "kernel5_16x8x3": dict(image=[16, 8, 3], filters=[3, 4, 5], kernel=5, latent=6, batch=3, bias=0.1, seed=3),
    # Neither square nor a power of two.
    "kernel7_24x12x1": dict(image=[24, 12, 1], filters=[3, 4], kernel=7, latent=5, batch=3, bias=0.1, seed=4),
    # The kernel is wider than every image.
    "kernel7_4x4x3": dict(image=[4, 4, 3], filters=[4, 3], kernel=7, latent=7, batch=5, bias=0.1, seed=5),
    # Three of four pixels of a transposed convolution get no term but the bias, which is zero: ReLU exactly at its kink.
    # The latent vector is longer than what it encodes.
    "kernel1_8x8x2": dict(image=[8, 8, 2], filters=[6, 3], kernel=1, latent=40, batch=7, bias=0.0, seed=6),
    # One layer, one image.
    "kernel3_6x10x3": dict(image=[6, 10, 3], filters=[7], kernel=3, latent=9, batch=1, bias=0.1, seed=7),
}


def build(network):
    """The model and, in the order in which an image passes them, its layers with parameters."""
    height, width, channels = network["image"]
    filters, kernel = network["filters"], network["kernel"]
    image = x = keras.Input((height, width, channels))
    for i, count in enumerate(filters):
        x = layers.Conv2D(count, kernel, strides=2, padding="same", activation="relu", name=f"conv{i + 1}")(x)
    shape = x.shape[1:]
    x = layers.Flatten()(x)
    x = layers.Dense(network["latent"], name="latent")(x)
    x = layers.Dense(int(np.prod(shape)), name="expand")(x)
    x = layers.Reshape(shape)(x)
    for i, count in enumerate(reversed(filters)):
        x = layers.Conv2DTranspose(count, kernel, strides=2, padding="same", activation="relu", name=f"deconv{i + 1}")(x)
    x = layers.Conv2DTranspose(channels, kernel, padding="same", activation="sigmoid", name="output")(x)
    model = keras.Model(image, x)
    return model, [layer for layer in model.layers if layer.weights]


def initial_weights(network):
    """Glorot-uniform kernels as Keras draws them; biases normal, so that their place in the sums can be seen."""
    keras.utils.set_random_seed(network["seed"])
    _, trained = build(network)
    random = np.random.default_rng(network["seed"])
    weights = {}
    for layer in trained:
        kernel, bias = layer.get_weights()
        weights[f"{layer.name}.kernel"] = kernel
        weights[f"{layer.name}.bias"] = (network["bias"] * random.standard_normal(bias.shape)).astype(np.float32)
    return weights


def images(network):
    """Clean images of values in [0, 1], and the same with Gaussian noise of mean and deviation 0.5, clipped."""
    random = np.random.default_rng(network["seed"] + 1000)
    shape = [network["batch"], *network["image"]]
    clean = random.integers(0, 256, shape).astype(np.float32) / np.float32(255)
    noisy = np.clip(clean + random.normal(0.5, 0.5, shape), 0, 1).astype(np.float32)
    return clean, noisy


def record(network, initial, clean, noisy, dtype):
    """Everything but the input, as arrays by name."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    model, trained = build(network)
    for layer in trained:
        layer.set_weights([initial[f"{layer.name}.kernel"], initial[f"{layer.name}.bias"]])
    with_activations = keras.Model(model.input, [layer.output for layer in trained])
    optimizer = keras.optimizers.Adam(learning_rate=LEARNING_RATE)
    x = tf.constant(noisy, dtype)
    y = tf.constant(clean, dtype)
    tensors = {}

    def parameters(prefix):
        for layer in trained:
            kernel, bias = layer.get_weights()
            tensors[f"{prefix}.{layer.name}.kernel"] = kernel
            tensors[f"{prefix}.{layer.name}.bias"] = bias

    for layer, activation in zip(trained, with_activations(x)):
        tensors[f"activation.{layer.name}"] = activation.numpy()
    parameters("initial")
    losses = []
    for step in range(1, STEPS + 1):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x, training=True) - y))
        gradients = tape.gradient(loss, model.trainable_variables)
        losses.append(float(loss))
        if step == 1:
            names = {id(v): f"{layer.name}.{kind}" for layer in trained for kind, v in
                     (("kernel", layer.kernel), ("bias", layer.bias))}
            for variable, gradient in zip(model.trainable_variables, gradients):
                tensors[f"gradient.{names[id(variable)]}"] = gradient.numpy()
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        if step in (1, STEPS):
            parameters(f"after{step}")
    tensors["losses"] = np.array(losses)
    return tensors


def largest_difference(tensors, exact):
    """Relative to the largest magnitude in a tensor; after updates no measure, since Adam makes much of a tiny gradient."""
    def difference(name):
        largest = np.abs(exact[name]).max()
        return 0.0 if largest == 0 else float(np.abs(tensors[name] - exact[name]).max() / largest)
    worst = max((name for name in tensors if not name.startswith("after")), key=difference)
    return worst, difference(worst)


def write_safetensors(path, metadata, tensors):
    header, data = {"__metadata__": metadata}, b""
    for name in sorted(tensors):
        values = np.ascontiguousarray(tensors[name], dtype="<f4")
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


def main():
    folder = pathlib.Path(__file__).resolve().parent
    for name, network in NETWORKS.items():
        keras.config.set_dtype_policy("float32")
        initial = initial_weights(network)
        clean, noisy = images(network)
        tensors = record(network, initial, clean, noisy, "float32")
        exact = record(network, initial, clean, noisy, "float64")
        worst, difference = largest_difference(tensors, exact)
        if difference > MOST_ROUNDING:
            raise SystemExit(f"{name}: {worst} differs by {difference:.1e} in float64; choose another seed")
        tensors["input.clean"], tensors["input.noisy"] = clean, noisy
        metadata = {
            "image": json.dumps(network["image"]),
            "filters": json.dumps(network["filters"]),
            "kernel": str(network["kernel"]),
            "latent": str(network["latent"]),
            "batch": str(network["batch"]),
            "steps": str(STEPS),
            "seed": str(network["seed"]),
            "optimizer": f"Adam lr={LEARNING_RATE} beta_1=0.9 beta_2=0.999 epsilon=1e-7;"
                         " every step uses the same whole batch",
            "loss": LOSS,
            "tensors": TENSORS,
            "made_with": f"keras {keras.__version__}, tensorflow {tf.__version__}, cpu; float64 run differs by at most"
                         f" {difference:.1e} of a tensor's largest magnitude ({worst})",
        }
        path = folder / f"{name}.safetensors"
        write_safetensors(path, metadata, tensors)
        print(f"{path.name}: {path.stat().st_size} bytes; {metadata['made_with']}")


if __name__ == "__main__":
    main()
