"""Codes out of photos as they come from a phone at the gate."""

from __future__ import annotations

import io
import random

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from portal.passes.reading import NotAPhoto, PhotoTooLarge, read_codes
from portal.passes.token import Kind

from .conftest import qr_text

TEXT = qr_text(Kind.EXIT_SLIP)


def code(text: str = TEXT, format: zxingcpp.BarcodeFormat = zxingcpp.BarcodeFormat.QRCode, scale: int = 6) -> Image.Image:
    drawn = zxingcpp.create_barcode(text, format)
    return Image.fromarray(drawn.to_image(scale=scale, add_quiet_zones=True)).convert("L")


def on_a_table(*codes: Image.Image, size: tuple[int, int] = (1600, 1200), angle: float = 0) -> Image.Image:
    table = Image.effect_noise(size, 25).convert("L").point(lambda value: value // 2 + 90)
    left = 80
    for one in codes:
        turned = one.convert("LA").rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
        table.paste(turned.getchannel("L"), (left, 120), turned.getchannel("A"))
        left += turned.width + 60
    return table


def file(image: Image.Image, format: str = "JPEG", **how: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **how)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_read(format: str) -> None:
    assert read_codes(file(on_a_table(code()), format)) == [TEXT]


@pytest.mark.parametrize("angle", [7, 45, 90, 133, 180, 270])
def test_however_it_lies(angle: int) -> None:
    assert read_codes(file(on_a_table(code(), angle=angle))) == [TEXT]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_however_the_phone_was_held(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert read_codes(file(on_a_table(code()), exif=exif)) == [TEXT]


def test_a_large_photo_with_a_small_code() -> None:
    small = on_a_table(code(scale=3), size=(4032, 3024))
    assert read_codes(file(small, quality=85)) == [TEXT]


def test_a_blurred_dark_photo() -> None:
    blurred = on_a_table(code()).filter(ImageFilter.GaussianBlur(1.6)).point(lambda value: value * 0.35)
    assert read_codes(file(blurred, quality=40)) == [TEXT]


def test_transparent_paper_is_white() -> None:
    black = code().point(lambda value: 255 - value)
    see_through = Image.new("RGBA", black.size, (0, 0, 0, 0))
    see_through.putalpha(black)
    assert read_codes(file(see_through, "PNG")) == [TEXT]


def test_all_codes_of_a_photo_each_once_and_qr_codes_first() -> None:
    serial = code("CN7X40181", zxingcpp.BarcodeFormat.Code128, 2).resize((420, 120))
    other = qr_text(Kind.BADGE, 2)
    found = read_codes(file(on_a_table(serial, code(scale=4), code(scale=4), code(other, scale=4), size=(2000, 800)), "PNG"))
    assert sorted(found[:2]) == sorted([TEXT, other])
    assert found[2:] == ["CN7X40181"]


def test_no_code_is_an_empty_list() -> None:
    assert read_codes(file(on_a_table())) == []


@pytest.mark.parametrize("junk", [b"", b"not a photo", b"%PDF-1.7 ...", b"\xff\xd8\xff" + b"0" * 50, b"GIF89a" + b"\0" * 50])
def test_what_is_no_photo_is_refused(junk: bytes) -> None:
    with pytest.raises(NotAPhoto):
        read_codes(junk)


def test_a_photo_that_was_cut_off_is_refused() -> None:
    whole = file(on_a_table(code()), "PNG")
    with pytest.raises(NotAPhoto):
        read_codes(whole[: len(whole) // 2])


def test_random_damage_never_ends_in_another_error() -> None:
    chance = random.Random(7)
    whole = file(on_a_table(code(), size=(500, 500)))
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(6):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read_codes(bytes(damaged))
        except (NotAPhoto, PhotoTooLarge):
            pass


@pytest.mark.parametrize("side", [8_000, 11_000, 20_000])
def test_a_small_file_that_unpacks_to_a_huge_picture_is_not_unpacked(side: int) -> None:
    bomb = file(Image.new("1", (side, side)), "PNG")
    assert len(bomb) < 100_000
    with pytest.raises(PhotoTooLarge):
        read_codes(bomb)
