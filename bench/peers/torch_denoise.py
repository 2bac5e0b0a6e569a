#!/usr/bin/env python3
"""Times how PyTorch, eager or by torch.compile, runs the U-Net that the program exported on one square grey picture: the same job
that daegpu.bench.DenoisingThroughput times.

Prints one line of JSON: median_step_ms of a picture, from a NumPy array to a NumPy array, and mean_square, the mean of the squares of
what comes out.
"""
import argparse
import json
import os
import statistics
import time

# One graph is compiled, so that a pool of processes to compile in has nothing to share, and the end would wait for it.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")


def read_safetensors(path):
    """The tensors of a safetensors file of fp32 values, by names."""
    import numpy as np
    import torch
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {name: torch.from_numpy(np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]).copy())
            for name, entry in header.items() if name != "__metadata__"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="safetensors file that the program exported with PyTorch's names")
    parser.add_argument("--side", type=int, default=512, help="rows and columns of the picture")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warm-up", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="bf16: autocast")
    parser.add_argument("--compile", action="store_true", help="compile the network; needs a C++ compiler")
    parser.add_argument("--channels-last", action="store_true", help="weights and image in the channels-last format")
    options = parser.parse_args()

    import numpy as np
    import torch
    from torch_networks import UNet

    if options.threads:
        torch.set_num_threads(options.threads)
    network = UNet()
    network.load_state_dict(read_safetensors(options.model))
    network.eval()
    if options.channels_last:
        network = network.to(memory_format=torch.channels_last)
    rows, columns = np.ogrid[:options.side, :options.side]
    picture = ((31 * rows + 17 * columns) % 256).astype(np.float32) / 255

    def denoise(image):
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            return network(image)

    if options.compile:
        denoise = torch.compile(denoise)
    steps = []
    with torch.inference_mode():
        for step in range(options.warm_up + options.steps):
            start = time.perf_counter()
            image = torch.from_numpy(picture)[None, None]
            if options.channels_last:
                image = image.contiguous(memory_format=torch.channels_last)
            denoised = denoise(image).float().numpy()
            if step >= options.warm_up:
                steps.append(time.perf_counter() - start)
    print(json.dumps({
        "framework": f"PyTorch {torch.__version__} {'torch.compile' if options.compile else 'eager'}"
                     f"{', channels-last' if options.channels_last else ''}, {options.precision}",
        "batch": 1,
        "median_step_ms": 1e3 * statistics.median(steps),
        "mean_square": float((denoised.astype(np.float64) ** 2).mean()),
    }))


if __name__ == "__main__":
    main()
