"""What an upload is, told by its content alone, and what is kept of it."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from portal.files.contents import CropBox, prepare, sniff
from portal.files.rules import JPEG, MAX_SIDE, PDF, PHOTO_SIZE, PNG, PURPOSES
from portal.kernel.errors import Refused

PDF_FILE = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def drawn(kind: str = "JPEG", size: tuple[int, int] = (600, 800), mode: str = "RGB", **options: object) -> bytes:
    content = io.BytesIO()
    Image.new(mode, size, "#c03020" if mode != "L" else 120).save(content, kind, **options)
    return content.getvalue()


def halves(left: str, right: str, size: tuple[int, int] = (1000, 800)) -> bytes:
    """A picture of two colours."""
    picture = Image.new("RGB", size, left)
    picture.paste(right, (size[0] // 2, 0, *size))
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def refused(content: bytes, purpose: str = "letter", crop: CropBox | None = None) -> str:
    with pytest.raises(Refused) as error:
        prepare(content, "x.jpg", PURPOSES[purpose], crop)
    return error.value.refusal.code


@pytest.mark.parametrize(("content", "kind"), [(drawn("JPEG"), JPEG), (drawn("PNG"), PNG), (PDF_FILE, PDF)])
def test_a_file_is_what_its_content_says(content: bytes, kind: str) -> None:
    assert sniff(content) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!DOCTYPE html><html></html>",
        b"MZ" + bytes(200),
        b"PK\x03\x04" + bytes(200),
        drawn("GIF"),
        drawn("BMP"),
        drawn("WEBP"),
        b"\n%PDF-1.7\n%%EOF",
    ],
)
def test_anything_else_is_refused_whatever_its_name_says(content: bytes) -> None:
    assert sniff(content) is None
    assert refused(content) == "file.kind"


def test_a_photo_is_no_pdf() -> None:
    assert refused(PDF_FILE, "badge_photo") == "file.kind"


def test_a_pdf_is_kept_byte_by_byte_and_one_that_breaks_off_is_refused() -> None:
    assert prepare(PDF_FILE, "介绍信.PDF", PURPOSES["letter"]).content == PDF_FILE
    assert refused(PDF_FILE.replace(b"%%EOF", b"")) == "file.damaged"


def test_pictures_are_drawn_anew_without_what_hides_in_them() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    exif[0x8825] = {1: "N", 2: (39.0, 54.0, 20.0)}
    content = drawn("JPEG", exif=exif, comment=b"hidden words") + b"<?php appended(); ?>"
    kept = prepare(content, "a.jpg", PURPOSES["letter"])
    assert kept.media_type == JPEG
    for hidden in (b"SecretCam", b"hidden words", b"appended", b"Exif"):
        assert hidden not in kept.content
    assert not opened(kept.content).getexif()


def test_a_picture_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    kept = prepare(drawn("JPEG", (300, 200), exif=exif), "a.jpg", PURPOSES["letter"])
    assert opened(kept.content).size == (200, 300)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "L", "1", "P", "CMYK", "I;16"])
def test_every_kind_of_colour_becomes_plain(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    content = io.BytesIO()
    Image.new(mode, (50, 40)).save(content, kind)
    kept = prepare(content.getvalue(), "a.png", PURPOSES["letter"])
    assert opened(kept.content).mode == "RGB"


def test_what_is_transparent_becomes_white() -> None:
    content = io.BytesIO()
    Image.new("RGBA", (50, 40), (0, 0, 0, 0)).save(content, "PNG")
    kept = opened(prepare(content.getvalue(), "a.png", PURPOSES["letter"]).content)
    assert kept.getpixel((20, 20)) == (255, 255, 255)


def test_a_large_scan_is_made_smaller() -> None:
    kept = prepare(drawn("JPEG", (5000, 3000)), "a.jpg", PURPOSES["identity_copy"])
    assert opened(kept.content).size == (MAX_SIDE, 1440)


def test_a_picture_that_would_exhaust_memory_is_refused_unread() -> None:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    assert refused(bomb) == "file.pixels"
    assert refused(drawn("PNG", (8000, 7000), "L")) == "file.pixels"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_that_breaks_off_is_refused(kind: str) -> None:
    content = io.BytesIO()
    Image.effect_noise((600, 600), 80).save(content, kind)
    assert refused(content.getvalue()[:20_000]) == "file.damaged"


def test_a_photo_is_cropped_to_the_badge_around_the_middle() -> None:
    photo = opened(prepare(halves("red", "blue"), "a.png", PURPOSES["badge_photo"]).content)
    assert photo.size == PHOTO_SIZE
    assert photo.getpixel((20, 280))[0] > 200
    assert photo.getpixel((420, 280))[2] > 200


def test_a_photo_is_cropped_where_the_person_chose() -> None:
    right = CropBox(0.55, 0.1, 0.4, 0.8)
    photo = opened(prepare(halves("red", "blue"), "a.png", PURPOSES["badge_photo"], right).content)
    assert photo.getpixel((5, 280))[2] > 200


@pytest.mark.parametrize(
    "nonsense", [CropBox(2, 0, 1, 1), CropBox(-1, 0, 1, 1), CropBox(0, 0, 0, 1), CropBox(float("nan"), 0, 1, 1), CropBox(0, 0, 9e9, 9e9)]
)
def test_a_crop_that_makes_no_sense_takes_the_middle(nonsense: CropBox) -> None:
    assert opened(prepare(halves("red", "blue"), "a.png", PURPOSES["badge_photo"], nonsense).content).size == PHOTO_SIZE


def test_a_photo_with_too_few_pixels_is_refused() -> None:
    assert prepare(drawn("JPEG", (176, 224)), "a.jpg", PURPOSES["badge_photo"]).media_type == JPEG
    assert refused(drawn("JPEG", (170, 224)), "badge_photo") == "file.photo_small"
    assert refused(drawn("JPEG", (1000, 1000)), "badge_photo", CropBox(0, 0, 0.1, 0.1)) == "file.photo_small"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\x\\photo.PNG", "photo.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("张䶮 证件.jpeg", "张䶮 证件.jpg"),
        ("", "file.jpg"),
        ("a\x00\nb.jpg", "ab.jpg"),
        ("x" * 300 + ".jpg", "x" * 150 + ".jpg"),
    ],
)
def test_a_name_is_only_a_name(given: str, kept: str) -> None:
    assert prepare(drawn(), given, PURPOSES["letter"]).filename == kept
