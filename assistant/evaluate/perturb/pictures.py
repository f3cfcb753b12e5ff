"""Pictures as they come from a phone or a poor scan: blurred, noisy, flat, mirrored, turned."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter, ImageOps


def blur(picture: Image.Image, share: float) -> Image.Image:
    """A Gaussian blur whose standard deviation is this share of the shorter side."""
    return picture.filter(ImageFilter.GaussianBlur(share * min(picture.size)))


def add_noise(picture: Image.Image, share: float, seed: int) -> Image.Image:
    """Gaussian noise, the same on all channels, its standard deviation this share of full white."""
    values = np.asarray(picture, dtype=np.float64)
    noise = np.random.default_rng(seed).normal(0, 255 * share, values.shape[:2])
    noisy = values + (noise[..., None] if values.ndim == 3 else noise)
    return Image.fromarray(np.clip(np.round(noisy), 0, 255).astype(np.uint8))


def lower_contrast(picture: Image.Image, share: float) -> Image.Image:
    """Every value this share of the way from the mean of the picture."""
    values = np.asarray(picture, dtype=np.float64)
    middle = values.mean()
    return Image.fromarray(np.clip(np.round(middle + share * (values - middle)), 0, 255).astype(np.uint8))


def mirror(picture: Image.Image) -> Image.Image:
    """Left and right exchanged."""
    return ImageOps.mirror(picture)


def upside_down(picture: Image.Image) -> Image.Image:
    """Turned by 180 degrees."""
    return picture.transpose(Image.Transpose.ROTATE_180)
