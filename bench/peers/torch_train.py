#!/usr/bin/env python3
"""Times training steps of the program's default network in PyTorch, eager or by torch.compile: the same job that
daegpu.bench.TrainingThroughput times. What torch.compile compiles, it compiles in the steps before the timed ones.

Prints one line of JSON: images_per_second and median_step_ms over the timed steps, which draw no noise, and
processor_ms, the processor time that a step took on all threads together; first_loss of the first step, and timed_loss,
the mean over the timed steps.
"""
import argparse
import gzip
import json
import os
import statistics
import time

# One graph is compiled, so that a pool of processes to compile in has nothing to share, and the end would wait for it.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")


def read_images(path, count):
    """[count, 1, 28, 28] floats in [0, 1]: from an IDX file (may be gzipped), or random where path is empty."""
    import numpy as np
    if not path:
        bytes_ = np.random.default_rng(0).integers(0, 256, (count, 1, 28, 28), dtype=np.uint8)
    else:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            bytes_ = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[:count]
    return bytes_.astype(np.float32) / 255


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", default="", help="IDX file of 28x28 images; random bytes without it")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--warm-up", type=int, default=30)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="bf16: autocast")
    parser.add_argument("--compile", action="store_true", help="compile forward pass and loss; needs a C++ compiler")
    parser.add_argument("--channels-last", action="store_true", help="weights and images in the channels-last format")
    options = parser.parse_args()

    import torch
    from torch import nn
    from torch.nn import functional

    if options.threads:
        torch.set_num_threads(options.threads)

    class Same(nn.Module):
        """TensorFlow's 'same' padding at stride 2 for 3x3 kernels: nothing before, one row and column after."""

        def forward(self, images):
            return functional.pad(images, (0, 1, 0, 1))

    class Deconvolution(nn.ConvTranspose2d):
        """Exact gradient of the 'same' convolution at stride 2: what lies past twice the input's size is cut."""

        def forward(self, images):
            return super().forward(images)[:, :, :2 * images.shape[2], :2 * images.shape[3]]

    model = nn.Sequential(
        Same(), nn.Conv2d(1, 32, 3, 2), nn.ReLU(),
        Same(), nn.Conv2d(32, 64, 3, 2), nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 16), nn.Linear(16, 3136), nn.Unflatten(1, (64, 7, 7)),
        Deconvolution(64, 64, 3, 2), nn.ReLU(),
        Deconvolution(64, 32, 3, 2), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 3, 1, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)

    clean = torch.from_numpy(read_images(options.images, 60_000))
    generator = torch.Generator().manual_seed(1)
    noisy = (clean + 0.5 + 0.5 * torch.randn(clean.shape, generator=generator)).clamp(0, 1)
    if options.channels_last:
        model = model.to(memory_format=torch.channels_last)
        clean = clean.contiguous(memory_format=torch.channels_last)
        noisy = noisy.contiguous(memory_format=torch.channels_last)
    batches = len(clean) // options.batch

    def loss_of(inputs, targets):
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            output = model(inputs)
        return functional.mse_loss(output.float(), targets)

    if options.compile:
        loss_of = torch.compile(loss_of)

    steps = []
    losses = []
    for step in range(options.warm_up + options.steps):
        if step == options.warm_up:
            processor = time.process_time()
        first = step % batches * options.batch
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(noisy[first:first + options.batch], clean[first:first + options.batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step >= options.warm_up:
            steps.append(time.perf_counter() - start)
    print(json.dumps({
        "framework": f"PyTorch {torch.__version__} {'torch.compile' if options.compile else 'eager'}"
                     f"{', channels-last' if options.channels_last else ''}, {options.precision}",
        "batch": options.batch,
        "images_per_second": options.batch * len(steps) / sum(steps),
        "median_step_ms": 1e3 * statistics.median(steps),
        "first_loss": losses[0],
        "timed_loss": statistics.fmean(losses[options.warm_up:]),
        "processor_ms": 1e3 * (time.process_time() - processor) / options.steps,
    }))


if __name__ == "__main__":
    main()
