"""Real image files, decoded as their pixels say; and no hostile one gets through."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.config.data import Preprocess
from pipeline.data import picture
from pipeline.data.errors import ImageSizesDiffer, ImageTooSmall, ImageUnusable
from pipeline.data.images import Listing

#: Another value in every place: height 4, width 6, red, green, blue.
COLORS = np.arange(72, dtype=np.uint8).reshape(4, 6, 3) * 3
GRAYS = np.arange(24, dtype=np.uint8).reshape(4, 6) * 10
#: In ITU-R 601-2, as Pillow does it.
LUMA = (COLORS.astype(int) @ (19595, 38470, 7471) + 0x8000) >> 16


def _sample(path: Path, **how: Any) -> Any:
    return picture.sample_of(path, Preprocess(**{"layout": "nhwc", **how}))


def _saved(path: Path, array: Any, mode: str | None = None, **how: Any) -> Path:
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **how)
    return path


@pytest.mark.parametrize(
    ("name", "how"),
    [("a.png", {}), ("a.bmp", {}), ("a.tiff", {}), ("a.ppm", {}), ("a.webp", {"lossless": True})],
)
def test_lossless_files_give_their_pixels(tmp_path, name, how):
    found = _sample(_saved(tmp_path / name, COLORS, **how))
    assert found.dtype == np.float32
    assert found.tolist() == COLORS.tolist()


def test_a_name_says_nothing_about_the_format(tmp_path):
    path = _saved(tmp_path / "a.jpg", COLORS, format="PNG")
    assert _sample(path).tolist() == COLORS.tolist()


def test_a_jpeg_is_near_its_pixels(tmp_path):
    smooth = np.stack([np.add.outer(np.arange(32), np.arange(48)) * k for k in (1, 2, 3)], axis=-1)
    path = _saved(tmp_path / "a.jpg", smooth.astype(np.uint8), quality=95)
    found = _sample(path)
    assert found.shape == (32, 48, 3)
    assert np.abs(found - smooth).mean() < 2


@pytest.mark.parametrize("color", ["rgb", "bgr", "gray"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_channels_come_as_asked(tmp_path, color, layout):
    found = _sample(_saved(tmp_path / "a.png", COLORS), color=color, layout=layout)
    expected = {"rgb": COLORS, "bgr": COLORS[:, :, ::-1], "gray": LUMA[:, :, None]}[color]
    assert found.flags.c_contiguous
    assert found.tolist() == (
        expected.tolist() if layout == "nhwc" else expected.transpose(2, 0, 1).tolist()
    )


def _gray(path: Path) -> None:
    _saved(path, GRAYS)


def _palette(path: Path) -> None:
    image = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6), "P")
    image.putpalette([level for at in range(24) for level in (at * 10,) * 3])
    image.save(path)


def _clear_palette(path: Path) -> None:
    _palette(path)
    image = Image.open(path)
    image.load()
    image.save(path, transparency=bytes(range(24)))


def _alpha(path: Path) -> None:
    clear = np.full((4, 6), 7, np.uint8)
    _saved(path, np.dstack([GRAYS, GRAYS, GRAYS, clear]))


def _gray_alpha(path: Path) -> None:
    Image.merge("LA", [Image.fromarray(GRAYS), Image.new("L", (6, 4), 7)]).save(path)


def _sixteen_bits(path: Path) -> None:
    _saved(path, GRAYS.astype(np.uint16) * 256 + 99)


def _sixteen_bits_of_color(path: Path) -> None:
    rows = (np.repeat(GRAYS[:, :, None], 3, axis=2).astype(int) * 256 + 99).astype(">u2")
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    path.write_bytes(_png((6, 4), zlib.compress(lines), bits=16, kind=2))


KINDS = (
    _gray,
    _palette,
    _clear_palette,
    _alpha,
    _gray_alpha,
    _sixteen_bits,
    _sixteen_bits_of_color,
)


@pytest.mark.parametrize("color", ["rgb", "gray"])
@pytest.mark.parametrize("write", KINDS, ids=lambda write: write.__name__[1:])
def test_grays_are_the_same_in_every_kind_of_file(tmp_path, write, color):
    write(tmp_path / "a.png")
    found = _sample(tmp_path / "a.png", color=color)
    channels = 3 if color == "rgb" else 1
    assert found.tolist() == np.repeat(GRAYS[:, :, None], channels, axis=2).tolist()


def test_sixteen_bits_in_other_files(tmp_path):
    for name in ("a.tiff", "a.pgm"):
        found = _sample(_saved(tmp_path / name, GRAYS.astype(np.uint16) * 256), color="gray")
        assert found[:, :, 0].tolist() == GRAYS.tolist()


def test_of_several_pictures_in_a_file_the_first_counts(tmp_path):
    others = [Image.new("RGB", (6, 4), color) for color in ("red", "blue")]
    for name, format_name in (("a.gif", "GIF"), ("a.tiff", "TIFF"), ("a.mpo", "MPO")):
        path = tmp_path / name
        others[0].save(path, format_name, save_all=True, append_images=others[1:])
        found = _sample(path)
        assert found.shape == (4, 6, 3)
        assert found[0, 0, 0] > 250 and found[0, 0, 2] < 5


def test_two_levels_are_black_and_white(tmp_path):
    path = _saved(tmp_path / "a.png", np.array([[0, 255], [255, 0]], np.uint8), mode="1")
    assert _sample(path, color="gray").ravel().tolist() == [0, 255, 255, 0]


def test_print_colors_become_light(tmp_path):
    Image.new("CMYK", (2, 2), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    red = _sample(tmp_path / "a.jpg")[0, 0]
    assert red[0] > 250 and max(red[1:]) < 5


#: How EXIF says that what is upright was turned before it was stored.
TURNS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 3),
}


@pytest.mark.parametrize("orientation", TURNS)
def test_an_image_is_put_upright_as_its_exif_says(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(TURNS[orientation](COLORS))
    path = _saved(tmp_path / "a.png", stored, exif=exif)
    assert _sample(path).tolist() == COLORS.tolist()


def test_sixteen_bits_are_put_upright_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    path = _saved(tmp_path / "a.png", np.rot90(GRAYS, 2).astype(np.uint16) * 256, exif=exif)
    assert _sample(path, color="gray")[:, :, 0].tolist() == GRAYS.tolist()


def test_levels_are_scaled_and_normalized_in_the_order_of_the_channels(tmp_path):
    path = _saved(tmp_path / "a.png", COLORS)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    expected = (COLORS / 255 - mean) / std
    found = _sample(path, scale="1/255", mean=mean, std=std)
    assert found == pytest.approx(expected, abs=1e-6)
    turned = _sample(path, color="bgr", scale="1/255", mean=mean, std=std)
    assert turned == pytest.approx((COLORS[:, :, ::-1] / 255 - mean) / std, abs=1e-6)


def test_one_number_is_for_all_channels(tmp_path):
    path = _saved(tmp_path / "a.png", COLORS)
    found = _sample(path, mean=[127.5], std=[127.5])
    assert found == pytest.approx(COLORS / 127.5 - 1, abs=1e-6)
    assert _sample(path, color="gray", mean=[1], std=[2])[..., 0] == pytest.approx((LUMA - 1) / 2)


@pytest.mark.parametrize(
    ("size", "resize", "expected"),
    [
        ((60, 40), 20, (20, 30)),
        ((40, 60), 20, (30, 20)),
        ((40, 40), 20, (20, 20)),
        ((41, 60), 20, (29, 20)),
        ((60, 40), [10, 50], (10, 50)),
        ((6, 4), 40, (40, 60)),
    ],
)
def test_one_number_resizes_the_shorter_side(tmp_path, size, resize, expected):
    Image.new("RGB", size).save(tmp_path / "a.png")
    assert _sample(tmp_path / "a.png", resize=resize).shape == (*expected, 3)


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bicubic"])
def test_pixels_are_made_by_the_method_asked_for(tmp_path, method):
    path = _saved(tmp_path / "a.png", COLORS)
    found = _sample(path, resize=[9, 13], resize_method=method)
    of_pillow = getattr(Image.Resampling, method.upper())
    expected = np.asarray(Image.fromarray(COLORS).resize((13, 9), of_pillow))
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("crop", "rows", "columns"),
    [([2, 4], (1, 3), (1, 5)), (4, (0, 4), (1, 5)), ([4, 6], (0, 4), (0, 6)), (1, (2, 3), (2, 3))],
)
def test_the_middle_is_cut_out(tmp_path, crop, rows, columns):
    found = _sample(_saved(tmp_path / "a.png", COLORS), center_crop=crop)
    assert found.tolist() == COLORS[slice(*rows), slice(*columns)].tolist()


def test_resizing_comes_before_cutting(tmp_path):
    Image.new("RGB", (60, 40)).save(tmp_path / "a.png")
    assert _sample(tmp_path / "a.png", resize=20, center_crop=[20, 20]).shape == (20, 20, 3)
    with pytest.raises(ImageTooSmall, match=r"a\.png is 20 x 30, and 28 x 28 are") as caught:
        _sample(tmp_path / "a.png", resize=20, center_crop=28)
    assert "resize" in caught.value.hint


def _png(size: tuple[int, int], pixels: bytes, bits: int = 8, kind: int = 0) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    head = struct.pack(">IIBBBBB", *size, bits, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )  # fmt: skip


def _content(kind: str, **how: Any) -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    Image.fromarray(noise).save(stream, kind, **how)
    return stream.getvalue()


def _fractions() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.ones((2, 2), np.float32)).save(stream, "TIFF")
    return stream.getvalue()


BAD = {
    "nothing": (b"", "it is none of JPEG"),
    "a text": (b"this is a text\n" * 99, "it is none of JPEG"),
    "a head alone": (b"\x89PNG\r\n\x1a\n", ""),
    "a PNG cut short": (_content("PNG")[:3000], "truncated"),
    "a JPEG cut short": (_content("JPEG")[:1000], "truncated"),
    "a damaged PNG": (_content("PNG")[:200] + bytes(50) + _content("PNG")[250:], ""),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "it is none of"),
    "a drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "it is none of"),
    "a bomb": (_png((60_000, 60_000), zlib.compress(bytes(1000))), "exceeds limit of"),
    "a smaller bomb": (_png((10_000, 9_000), zlib.compress(bytes(1000))), "10000 x 9000 pixels"),
    "no pixels at all": (_png((0, 0), b""), ""),
    "levels that are fractions": (_fractions(), "32 bits"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("content", "text"), BAD.values(), ids=BAD)
def test_a_bad_image_is_told_by_its_name(tmp_path, content, text):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(ImageUnusable, match=r"image .*/bad\.png cannot be used: .") as caught:
        _sample(path)
    assert text in caught.value.reason
    assert caught.value.exit_code == 5


def test_a_thread_of_an_image_does_not_grow_without_end(tmp_path):
    Image.new("L", (50_000, 1)).save(tmp_path / "a.png")
    with pytest.raises(ImageUnusable, match="would be resized to 224 x 11200000"):
        _sample(tmp_path / "a.png", resize=224)


def test_a_missing_file_is_told_by_its_name(tmp_path):
    with pytest.raises(ImageUnusable, match=r"gone\.png cannot be used: .*No such file"):
        _sample(tmp_path / "gone.png")


whole_files = st.sampled_from(
    [_content("PNG"), _content("JPEG"), _content("GIF"), _content("BMP"), _content("TIFF"),
     _content("WEBP"), _content("PPM"), _content("JPEG", progressive=True)]
)  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=whole_files,
    edits=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=4),
    kept=st.floats(0.02, 1),
)
def test_a_damaged_file_gives_a_sample_or_an_error_that_names_it(tmp_path, content, edits, kept):
    damaged = bytearray(content)
    for where, change in edits:
        at = int(where * min(len(damaged), 400))
        damaged[at : at + len(change)] = change
    path = tmp_path / "fuzzed"
    path.write_bytes(damaged[: int(len(damaged) * kept)])
    try:
        assert _sample(path, resize=[8, 8]).shape == (8, 8, 3)
    except ImageUnusable as error:
        assert str(path) in str(error)  # noqa: PT017


def _listing(folder: Path, count: int) -> Listing:
    names = tuple(f"{number:02}.png" for number in range(count))
    for number, name in enumerate(names):
        Image.new("L", (2, 2), number).save(folder / name)
    return Listing(folder, names, None)


def test_samples_come_in_the_order_of_the_names(tmp_path):
    found = picture.samples(_listing(tmp_path, 40), Preprocess(color="gray"))
    assert [int(sample[0, 0, 0]) for sample in found] == list(range(40))


def test_images_of_another_size_are_told(tmp_path):
    found = _listing(tmp_path, 12)
    Image.new("L", (3, 2)).save(tmp_path / "07.png")
    with pytest.raises(
        ImageSizesDiffer, match=r"07\.png is \[1, 2, 3\], those before it \[1, 2, 2\]"
    ):
        list(picture.samples(found, Preprocess(color="gray")))
    assert len(list(picture.samples(found, Preprocess(color="gray", resize=[2, 2])))) == 12


def test_the_first_bad_image_in_order_is_told(tmp_path):
    found = _listing(tmp_path, 12)
    for name in ("09.png", "04.png"):
        (tmp_path / name).write_text("no image")
    with pytest.raises(ImageUnusable, match=r"04\.png"):
        list(picture.samples(found, Preprocess()))
