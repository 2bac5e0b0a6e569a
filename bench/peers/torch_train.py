#!/usr/bin/env python3
"""Times training steps of a network of the program in PyTorch, eager or by torch.compile: the same job that
daegpu.bench.TrainingThroughput times. What torch.compile compiles, it compiles in the steps before the timed ones.

Prints one line of JSON: images_per_second and median_step_ms over the timed steps, which draw no noise, and
processor_ms, the processor time that a step took on all threads together; first_loss of the first step, and timed_loss,
the mean over the timed steps; parameters, how many are trained.
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
    """[count, 1, height, width] floats in [0, 1]: from an IDX file (may be gzipped), or random of 28x28 where path is empty."""
    import numpy as np
    if not path:
        bytes_ = np.random.default_rng(0).integers(0, 256, (count, 1, 28, 28), dtype=np.uint8)
    else:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            data = file.read()
        bytes_ = np.frombuffer(data, np.uint8, offset=16).reshape(-1, 1, *np.frombuffer(data, ">u4", 2, 8))[:count]
    return bytes_.astype(np.float32) / 255


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", default="", help="IDX file of images; random bytes without it")
    parser.add_argument("--network", choices=["autoencoder", "unet"], default="autoencoder")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--warm-up", type=int, default=30)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="bf16: autocast")
    parser.add_argument("--compile", action="store_true", help="compile forward pass and loss; needs a C++ compiler")
    parser.add_argument("--channels-last", action="store_true", help="weights and images in the channels-last format")
    options = parser.parse_args()

    import torch
    from torch.nn import functional
    import torch_networks

    if options.threads:
        torch.set_num_threads(options.threads)

    model = torch_networks.UNet() if options.network == "unet" else torch_networks.autoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)

    clean = torch.from_numpy(read_images(options.images, 60_000))
    noisy = torch_networks.noisy(options.network, clean)
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
        "parameters": torch_networks.parameter_count(model),
    }))


if __name__ == "__main__":
    main()
