"""From an image file to a network's input: the same way for evaluation and calibration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.config.data import Color, Layout, Preprocess, ResizeMethod
from pipeline.core.errors import one_line
from pipeline.data.errors import ImageSizesDiffer, ImageTooSmall, ImageUnusable
from pipeline.data.images import Listing

#: Those that need no other program; Pillow hands PostScript to one.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
#: Where Pillow begins to warn of decompression bombs.
_MOST_PIXELS = 89_478_485
#: Pillow has a mode for 16 bits and does not always use it.
_I_OF_16_BITS = ("PNG", "PPM")

_METHODS = {
    ResizeMethod.NEAREST: Image.Resampling.NEAREST,
    ResizeMethod.BILINEAR: Image.Resampling.BILINEAR,
    ResizeMethod.BICUBIC: Image.Resampling.BICUBIC,
}


def samples(found: Listing, how: Preprocess) -> Iterator[Any]:
    """The input of each image, in order, all of one shape.

    Raises ImageUnusable, ImageTooSmall or ImageSizesDiffer.
    """
    shape = None
    for path in found.paths:
        sample = sample_of(path, how)
        shape = shape or sample.shape
        if sample.shape != shape:
            raise ImageSizesDiffer(path, sample.shape, shape)
        yield sample


def sample_of(path: Path, how: Preprocess) -> Any:
    """float32 [C, H, W], or [H, W, C] where ``how`` says so.

    Raises ImageUnusable or ImageTooSmall.
    """
    image = _read(path, how.color)
    image = _cropped(_resized(image, path, how), path, how)
    levels = np.asarray(image)
    if how.color is Color.GRAY:
        levels = levels[:, :, None]
    elif how.color is Color.BGR:
        levels = levels[:, :, ::-1]
    table = _table(how)
    channels = [table[index][levels[:, :, index]] for index in range(how.channels)]
    return np.stack(channels, axis=0 if how.layout is Layout.NCHW else 2)


def _read(path: Path, color: Color) -> Image.Image:
    try:
        with Image.open(path, formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
            return _colored(ImageOps.exif_transpose(_eight_bits(image)), color)
    except UnidentifiedImageError:
        raise ImageUnusable(path, "it is none of " + ", ".join(_FORMATS)) from None
    except Exception as error:  # what a reader meets in a hostile file can be anything
        reason = one_line(str(error)) or type(error).__name__
        raise ImageUnusable(path, reason) from None


def _eight_bits(image: Image.Image) -> Image.Image:
    """Of 16 bits a level the upper 8, as Pillow takes of colours; it would clip grays."""
    if image.mode == "F" or (image.mode == "I" and image.format not in _I_OF_16_BITS):
        raise ValueError("its levels have 32 bits")
    if not image.mode.startswith("I"):
        return image
    levels = np.asarray(image)
    found = Image.fromarray((levels >> 8).astype(np.uint8))
    found.info["exif"] = image.getexif().tobytes()
    return found


def _colored(image: Image.Image, color: Color) -> Image.Image:
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("L" if color is Color.GRAY else "RGB")


def _resized(image: Image.Image, path: Path, how: Preprocess) -> Image.Image:
    if how.resize is None:
        return image
    if len(how.resize) == 2:
        height, width = how.resize
    else:
        short, side = min(image.size), how.resize[0]
        width, height = (side if size == short else side * size // short for size in image.size)
    if width * height > _MOST_PIXELS:
        raise ImageUnusable(path, f"it would be resized to {height} x {width}")
    return image.resize((width, height), _METHODS[how.resize_method])


def _cropped(image: Image.Image, path: Path, how: Preprocess) -> Image.Image:
    if how.center_crop is None:
        return image
    height, width = how.center_crop * (1 if len(how.center_crop) == 2 else 2)
    if width > image.width or height > image.height:
        raise ImageTooSmall(path, (image.height, image.width), (height, width))
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))


def _table(how: Preprocess) -> Any:
    """float32 [C, 256]: what becomes of each level of each channel, rounded once."""
    levels = np.arange(256, dtype=np.float64) * how.scale
    mean, std = (
        np.broadcast_to(np.array(values, np.float64), (how.channels,))[:, None]
        for values in (how.mean, how.std)
    )
    return ((levels - mean) / std).astype(np.float32)
