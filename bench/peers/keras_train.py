#!/usr/bin/env python3
"""Times training steps of a network of the program in Keras: the same job as daegpu.bench.TrainingThroughput.

Prints one line of JSON: images_per_second and median_step_ms over the timed steps, which draw no noise, and
processor_ms, the processor time that a step took on all threads together; first_loss of the first step, and timed_loss,
the mean over the timed steps; parameters, how many are trained. With --epochs it does the whole job instead, as one writes it in Keras (noise drawn
once, shuffled, validated after each epoch), and prints the validation error of each epoch.
"""
import argparse
import gzip
import json
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def read_images(path, count):
    """[count, height, width, 1] floats in [0, 1]: from an IDX file (may be gzipped), or random of 28x28 where path is empty."""
    import numpy as np
    if not path:
        bytes_ = np.random.default_rng(0).integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)
    else:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            data = file.read()
        bytes_ = np.frombuffer(data, np.uint8, offset=16).reshape(-1, *np.frombuffer(data, ">u4", 2, 8), 1)[:count]
    return bytes_.astype(np.float32) / 255


def with_noise(clean, seed, network="autoencoder"):
    """The images with the noise that the network of this name is trained on."""
    import numpy as np
    noise = np.random.default_rng(seed).normal(0, 1, clean.shape).astype(np.float32)
    return clean + np.float32(25 / 255) * noise if network == "unet" else np.clip(clean + np.float32(0.5) * (1 + noise), 0, 1)


def autoencoder(keras, layers):
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(16),
        layers.Dense(7 * 7 * 64),
        layers.Reshape((7, 7, 64)),
        layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid"),
    ])


def unet(keras, layers, side):
    """--network unet: skips are added, and so is the image at the end."""
    def convolution(filters, strides=1):
        return layers.Conv2D(filters, 3, strides=strides, padding="same", activation="relu", kernel_initializer="he_normal")

    filters, blocks = (32, 64, 128), (1, 1, 2)
    image = values = keras.Input((side, side, 1))
    skips = []
    for level in range(3):
        values = convolution(filters[level], 1 if level == 0 else 2)(values)
        for _ in range(blocks[level]):
            values = convolution(filters[level])(values)
        skips.append(values)
    for level in (1, 0):
        values = layers.Conv2DTranspose(filters[level], 3, strides=2, padding="same", kernel_initializer="he_normal")(values)
        values = layers.add([values, skips[level]])
        for _ in range(blocks[level]):
            values = convolution(filters[level])(values)
    # As in the program, training begins with the image as it is.
    correction = layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros")(values)
    return keras.Model(image, layers.add([correction, image]))


def train(model, clean, options):
    """The whole job."""
    validation = read_images(options.validation_images, 10_000)
    history = model.fit(with_noise(clean, 1), clean, batch_size=options.batch, epochs=options.epochs, verbose=0,
                        validation_data=(with_noise(validation, 2), validation))
    print(json.dumps({"validation_mse": history.history["val_loss"]}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", default="", help="IDX file of images; random bytes without it")
    parser.add_argument("--network", choices=["autoencoder", "unet"], default="autoencoder")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--warm-up", type=int, default=30)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=0, help="train for this number of epochs instead of timing steps")
    parser.add_argument("--validation-images", default="", help="IDX file to validate on after each epoch")
    options = parser.parse_args()

    import numpy as np
    import keras
    import tensorflow
    from keras import layers

    if options.threads:
        tensorflow.config.threading.set_intra_op_parallelism_threads(options.threads)
    clean = read_images(options.images, 60_000)
    model = unet(keras, layers, clean.shape[1]) if options.network == "unet" else autoencoder(keras, layers)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")

    if options.epochs:
        train(model, clean, options)
        return

    # fit() is how the job is written in Keras, and its quickest loop: one call of the compiled function a step.
    timed = options.steps
    batches = options.warm_up + timed
    take = np.resize(np.arange(len(clean)), batches * options.batch)
    clean = clean[take]
    noisy = with_noise(clean, 1, options.network)

    class Clock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.ends = []
            self.processor = []
            self.losses = []  # The mean over all steps so far, as Keras gives it.

        def on_train_batch_end(self, batch, logs=None):
            self.ends.append(time.perf_counter())
            self.processor.append(time.process_time())
            self.losses.append(logs["loss"])

    clock = Clock()
    model.fit(noisy, clean, batch_size=options.batch, epochs=1, verbose=0, shuffle=False, callbacks=[clock])
    steps = np.diff(clock.ends[options.warm_up - 1:])
    print(json.dumps({
        "framework": f"Keras {keras.__version__} / TensorFlow {tensorflow.__version__}",
        "batch": options.batch,
        "images_per_second": options.batch * len(steps) / float(steps.sum()),
        "median_step_ms": 1e3 * statistics.median(steps),
        "first_loss": clock.losses[0],
        "timed_loss": (batches * clock.losses[-1] - options.warm_up * clock.losses[options.warm_up - 1]) / timed,
        "processor_ms": 1e3 * (clock.processor[-1] - clock.processor[options.warm_up - 1]) / len(steps),
        "parameters": model.count_params(),
    }))


if __name__ == "__main__":
    main()
