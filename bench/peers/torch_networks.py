"""The networks that torch_train.py and torch_denoise.py time, as the program builds them."""
import torch
from torch import nn
from torch.nn import functional


class Same(nn.Module):
    """TensorFlow's 'same' padding at stride 2 for 3x3 kernels: nothing before, one row and column after."""

    def forward(self, images):
        return functional.pad(images, (0, 1, 0, 1))


class Deconvolution(nn.ConvTranspose2d):
    """Exact gradient of the 'same' convolution at stride 2: what lies past twice the input's size is cut."""

    def forward(self, images):
        return super().forward(images)[:, :, :2 * images.shape[2], :2 * images.shape[3]]


def autoencoder():
    return nn.Sequential(
        Same(), nn.Conv2d(1, 32, 3, 2), nn.ReLU(),
        Same(), nn.Conv2d(32, 64, 3, 2), nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 16), nn.Linear(16, 3136), nn.Unflatten(1, (64, 7, 7)),
        Deconvolution(64, 64, 3, 2), nn.ReLU(),
        Deconvolution(64, 32, 3, 2), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 3, 1, 1), nn.Sigmoid())


class UNet(nn.Module):
    """--network unet: skips are added, and so is the image at the end. Layers have the names of the program."""

    FILTERS = (32, 64, 128)
    BLOCKS = (1, 1, 2)

    def __init__(self):
        super().__init__()
        before = 1
        for level, (filters, blocks) in enumerate(zip(self.FILTERS, self.BLOCKS), 1):
            self.add_module(f"down{level}_0", nn.Conv2d(before, filters, 3, 1, 1) if level == 1 else nn.Conv2d(before, filters, 3, 2))
            for block in range(1, blocks + 1):
                self.add_module(f"down{level}_{block}", nn.Conv2d(filters, filters, 3, 1, 1))
            before = filters
        for level in range(len(self.FILTERS) - 1, 0, -1):
            filters = self.FILTERS[level - 1]
            self.add_module(f"up{level}_0", Deconvolution(before, filters, 3, 2))
            for block in range(1, self.BLOCKS[level - 1] + 1):
                self.add_module(f"up{level}_{block}", nn.Conv2d(filters, filters, 3, 1, 1))
            before = filters
        self.output = nn.Conv2d(before, 1, 3, 1, 1)
        for layer in self.children():
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.output.weight)  # As in the program, training begins with the image as it is.

    def forward(self, image):
        values, skips = image, []
        for level, blocks in enumerate(self.BLOCKS, 1):
            for block in range(blocks + 1):
                if level > 1 and block == 0:
                    values = functional.pad(values, (0, 1, 0, 1))
                values = functional.relu(getattr(self, f"down{level}_{block}")(values))
            skips.append(values)
        for level in range(len(self.BLOCKS) - 1, 0, -1):
            values = getattr(self, f"up{level}_0")(values) + skips[level - 1]
            for block in range(1, self.BLOCKS[level - 1] + 1):
                values = functional.relu(getattr(self, f"up{level}_{block}")(values))
        return image + self.output(values)


def parameter_count(network):
    return sum(values.numel() for values in network.parameters())


def noisy(network, clean):
    """The images with the noise that the network of this name is trained on."""
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
    return clean + 25 / 255 * noise if network == "unet" else (clean + 0.5 + 0.5 * noise).clamp(0, 1)
