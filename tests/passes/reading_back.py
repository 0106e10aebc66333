"""What a PDF says and shows, read from the PDF."""

from __future__ import annotations

import io

import pypdf
import pypdfium2
import zxingcpp
from PIL import Image


def reader(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def texts(pdf: bytes) -> list[str]:
    """The text of each page, without the breaks of its lines."""
    return [page.extract_text().replace("\n", "") for page in reader(pdf).pages]


def lines(pdf: bytes, page: int) -> list[str]:
    return reader(pdf).pages[page].extract_text().splitlines()


def rendered(pdf: bytes, page: int, dpi: int = 150) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[page].render(scale=dpi / 72).to_pil().convert("L")
    finally:
        document.close()


def scanned(pdf: bytes, page: int, dpi: int = 300) -> list[str]:
    """The QR codes of a page as a scanner sees them."""
    return [code.text for code in zxingcpp.read_barcodes(rendered(pdf, page, dpi), formats=zxingcpp.BarcodeFormat.QRCode)]


def ink_at_the_edge(pdf: bytes, page: int, millimetres: float) -> bool:
    """Whether anything is drawn within so many millimetres of the paper's edge."""
    image = rendered(pdf, page)
    border = round(millimetres / 25.4 * 150)
    width, height = image.size
    strips = [
        (0, 0, width, border),
        (0, height - border, width, height),
        (0, 0, border, height),
        (width - border, 0, width, height),
    ]
    return any(image.crop(strip).getextrema()[0] < 250 for strip in strips)


def embedded_fonts(pdf: bytes) -> set[str]:
    """Names of the fonts on all pages, without the letters of the subset; fails when one is not embedded."""
    names = set()
    for page in reader(pdf).pages:
        for font in page["/Resources"]["/Font"].values():
            font = font.get_object()
            assert "/FontFile2" in font["/FontDescriptor"].get_object(), f"{font['/BaseFont']} is not embedded"
            subset, name = font["/BaseFont"][1:].split("+")
            assert len(subset) == 6
            names.add(name)
    return names
