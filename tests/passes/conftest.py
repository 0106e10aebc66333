"""Documents are tested on the real fonts, made once a machine, and read back from the PDF: its text, and its rendered pages."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageDraw

from portal.passes import fonts, token
from portal.passes.documents.badge import Badge, Site
from portal.passes.documents.paper import Paper
from portal.passes.documents.style import Bilingual

RING = {1: bytes(range(32)), 2: bytes(range(1, 33))}
KEY, PUBLIC = token.keys(RING)
BASE_URL = "https://portal.rackpass.example"
SHANGHAI = ZoneInfo("Asia/Shanghai")
SITE = Site(
    Bilingual("睿柏数据中心", "Rackpass Data Center"),
    Bilingual("北京市大兴区科创十四街 20 号睿柏一号楼客服中心", "Customer Service, Building 1, 20 Kechuang 14th Street, Daxing, Beijing"),
    "010-6780 4400",
)


@pytest.fixture(autouse=True)
def prepared_fonts(font_cache: Path) -> None:
    fonts.use(font_cache)


@pytest.fixture(scope="session")
def photo() -> bytes:
    return picture(413, 531)


def picture(width: int, height: int, format: str = "JPEG") -> bytes:
    """A portrait of nobody."""
    image = Image.new("RGB", (width, height), (214, 226, 236))
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.27, height * 0.16, width * 0.73, height * 0.64), fill=(236, 196, 168))
    draw.ellipse((width * 0.05, height * 0.68, width * 0.95, height * 1.5), fill=(38, 58, 84))
    buffer = io.BytesIO()
    image.save(buffer, format)
    return buffer.getvalue()


def qr_text(kind: token.Kind, number: int = 1) -> str:
    return token.qr_text(BASE_URL, token.sign(kind, UUID(int=number), datetime(2027, 3, 31, 16, tzinfo=UTC), KEY))


def a_paper(number: str, kind: token.Kind = token.Kind.EXIT_SLIP) -> Paper:
    return Paper(
        site=SITE.name,
        number=number,
        qr_text=qr_text(kind),
        short_code="7K3F9Q2MXY",
        issued_by="周敏",
        issued_at=datetime(2026, 11, 22, 6, 5, tzinfo=UTC),
        zone=SHANGHAI,
    )


def a_badge(photo: bytes, number: int = 1, holder: str = "王珺", client: str = "星海数联（北京）信息技术有限公司") -> Badge:
    return Badge(
        site=SITE,
        number=f"BA-2611-{number:04}",
        holder=holder,
        client=client,
        rooms="B1 机房、B2 机房",
        valid_until=date(2027, 3, 31),
        photo=photo,
        qr_text=qr_text(token.Kind.BADGE, number),
        short_code="7K3F9Q2MXY",
        issued_by="周敏",
        issued_at=datetime(2026, 11, 22, 6, 5, tzinfo=UTC),
        zone=SHANGHAI,
    )
