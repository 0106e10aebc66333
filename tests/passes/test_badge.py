"""The badge card, read back from the PDF."""

from __future__ import annotations

import dataclasses
import io
import math

import pytest
from PIL import Image, ImageChops

from portal.passes import fonts
from portal.passes.documents import badge
from portal.passes.documents.style import DoesNotFit
from portal.passes.qr import TooDense
from portal.passes.token import Kind, token_from_scan

from .conftest import SITE, a_badge, picture, qr_text
from .reading_back import embedded_fonts, ink_at_the_edge, reader, rendered, scanned, texts

MM = 72 / 25.4
LONG_CLIENT = "内蒙古自治区呼和浩特市赛罕区大数据产业投资运营管理与技术服务有限责任公司分公司"


def test_two_sides_of_the_cards_size(photo: bytes) -> None:
    pdf = badge.render(a_badge(photo), "zh_CN")
    sizes = [(float(page.mediabox.width) / MM, float(page.mediabox.height) / MM) for page in reader(pdf).pages]
    assert sizes == [(pytest.approx(85.6, abs=0.01), pytest.approx(54, abs=0.01))] * 2


def test_what_the_front_says(photo: bytes) -> None:
    front = texts(badge.render(a_badge(photo), "zh_CN"))[0]
    for said in (
        *("睿柏数据中心", "Rackpass Data Center", "机房出入证", "Data center badge", "王珺", "星海数联（北京）信息技术有限公司"),
        *("B1 机房、B2 机房", "2027 年 3 月 31 日", "BA-2611-0001", "7K3F-9Q2M-XY"),
    ):
        assert said in front


def test_what_the_back_says(photo: bytes) -> None:
    """House rules R-E1 to R-E4, not to be lent [R-B4], loss [R-B5], where a found badge goes."""
    back = texts(badge.render(a_badge(photo), "zh_CN"))[1]
    for said in (
        *("禁止携带照相机、摄像机和强磁物品", "No smoking, no litter", "进入时穿鞋套", "禁止私自接电"),
        *("不得转借", "not to be lent", "遗失立即报失", "拾获请交还", "If found, return to", SITE.phone),
        *("持证人签名", "Holder's signature", "Valid only while the portal says so", "签发 Issued by 周敏, 2026 年 11 月 22 日 14:05"),
    ):
        assert said in back


def test_dates_in_english(photo: bytes) -> None:
    front, back = texts(badge.render(a_badge(photo), "en"))
    assert "31 Mar 2027" in front
    assert "22 Nov 2026, 14:05" in back


def test_the_code_is_scanned_from_the_card(photo: bytes) -> None:
    data = a_badge(photo, 7)
    assert scanned(badge.render(data, "zh_CN"), 0) == [data.qr_text]
    assert token_from_scan(data.qr_text)


def test_a_code_on_a_longer_address_is_scanned_too(photo: bytes) -> None:
    text = qr_text(Kind.BADGE).replace("PORTAL.RACKPASS", "HOSTING-PORTAL.SHANGHAI-LINGANG.RACKPASS")
    assert scanned(badge.render(dataclasses.replace(a_badge(photo), qr_text=text), "zh_CN"), 0) == [text]


def test_a_code_too_dense_for_a_camera_is_refused(photo: bytes) -> None:
    with pytest.raises(TooDense):
        badge.render(dataclasses.replace(a_badge(photo), qr_text="HTTPS://" + "A" * 600), "zh_CN")


def test_the_code_keeps_its_quiet_zone(photo: bytes) -> None:
    """Four modules of white around it, on the longest texts that the card takes."""
    data = dataclasses.replace(a_badge(photo, client=LONG_CLIENT), rooms="睿柏一号楼 B1、B2、C3 机房，二号楼 A101、A102 机房")
    image = rendered(badge.render(data, "zh_CN"), 0, dpi=600)
    dot = 600 / 25.4
    left, top, side = (85.6 - 4 - badge.QR_MM) * dot, (50.2 - badge.QR_MM) * dot, badge.QR_MM * dot
    quiet = 4 * badge.QR_MM / 45 * dot
    box = tuple(math.floor(v) for v in (left - quiet + 2, top - quiet + 2, left + side + quiet - 2, top + side + quiet - 2))
    around = image.crop(box)  # type: ignore[arg-type]
    inside = (math.ceil(quiet - 2) - 1, math.ceil(quiet - 2) - 1, math.ceil(quiet + side) + 1, math.ceil(quiet + side) + 1)
    around.paste(255, inside)
    assert around.getextrema() == (255, 255)


@pytest.mark.parametrize("holder", ["㛃珺", "李堃", "䶮小明", "𠮷田健", "孙𬭎", "阿卜杜热合曼·阿不都克里木·买买提"])
def test_rare_and_long_names_are_whole(photo: bytes, holder: str) -> None:
    assert holder in texts(badge.render(a_badge(photo, holder=holder), "zh_CN"))[0]


def test_a_name_of_several_words(photo: bytes) -> None:
    front = texts(badge.render(a_badge(photo, holder="Konstantin Alexandrovich Wolkenstein-Rosenberg"), "en"))[0]
    assert "Konstantin Alexandrovich" in front
    assert "Wolkenstein-Rosenberg" in front


def test_a_client_of_forty_characters_is_whole(photo: bytes) -> None:
    assert len(LONG_CLIENT) >= 39
    assert LONG_CLIENT in texts(badge.render(a_badge(photo, client=LONG_CLIENT), "zh_CN"))[0]


@pytest.mark.parametrize("change", [{"holder": "名" * 80}, {"client": "公司" * 40}, {"rooms": "机房" * 60}])
def test_what_does_not_fit_is_refused_and_never_cut(photo: bytes, change: dict[str, str]) -> None:
    with pytest.raises(DoesNotFit) as refused:
        badge.render(dataclasses.replace(a_badge(photo), **change), "zh_CN")  # type: ignore[arg-type]
    assert refused.value.place in change
    assert refused.value.text == next(iter(change.values()))


def test_a_name_without_a_shape_is_refused(photo: bytes) -> None:
    with pytest.raises(fonts.NoGlyph):
        badge.render(a_badge(photo, holder="王😀"), "zh_CN")


def test_the_photo_is_embedded_as_it_is(photo: bytes) -> None:
    found = reader(badge.render(a_badge(photo), "zh_CN")).pages[0]["/Resources"]["/XObject"]
    (image,) = [found[name].get_object() for name in found]
    assert image["/Filter"] == ["/DCTDecode"]
    assert image._data == photo


@pytest.mark.parametrize(("width", "height"), [(300, 300), (600, 200), (200, 900)])
def test_a_photo_of_another_shape_fills_its_frame(width: int, height: int) -> None:
    """It is cropped around its middle, not stretched, and nothing of it lies outside the frame."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(buffer, "JPEG")
    white = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(white, "JPEG")
    red, none = (rendered(badge.render(a_badge(data.getvalue()), "zh_CN"), 0, 254) for data in (buffer, white))
    left, top, right, bottom = (value / 10 for value in ImageChops.difference(red, none).getbbox() or (0, 0, 0, 0))
    assert (left, top) == (pytest.approx(badge.PHOTO[0], abs=0.2), pytest.approx(badge.PHOTO[1], abs=0.2))
    assert (right - left, bottom - top) == (pytest.approx(22, abs=0.3), pytest.approx(28, abs=0.3))


@pytest.mark.parametrize("junk", [b"", b"\xff\xd8\xff", b"not a photo", picture(20, 20, "PNG")])
def test_a_photo_that_is_no_jpeg_is_refused(junk: bytes) -> None:
    with pytest.raises(badge.NotAJpeg):
        badge.render(a_badge(junk), "zh_CN")


def test_a_sheet_of_ten_with_their_backs(photo: bytes) -> None:
    cards = [a_badge(photo, number) for number in range(1, 24)]
    pdf = badge.render_sheet(cards, "zh_CN")
    said = texts(pdf)
    assert len(said) == 6
    for page, numbers in ((0, range(1, 11)), (2, range(11, 21)), (4, range(21, 24))):
        for number in numbers:
            assert f"BA-2611-{number:04}" in said[page]
            assert f"BA-2611-{number:04}" in said[page + 1]
        assert sorted(scanned(pdf, page)) == sorted(card.qr_text for card in cards if int(card.number[-4:]) in numbers)


def test_front_and_back_lie_behind_one_another(photo: bytes) -> None:
    """Turned on its long edge, the crop marks of the back lie on those of the front, and one card's back on its front."""
    pdf = badge.render_sheet([a_badge(photo)], "zh_CN")
    front, back = (rendered(pdf, page, 300) for page in (0, 1))
    width, height = front.size
    assert front.crop((0, 0, width // 2, height // 3)).getextrema()[0] < 250
    middle = (width // 2 + 120, height // 20, width - 250, height // 5)
    assert front.crop(middle).getextrema() == (255, 255)
    assert back.crop(middle).getextrema()[0] < 100
    top = round((297 - 278) / 2 / 25.4 * 300)
    marks = (0, 0, width, top - 15)
    turned = back.transpose(Image.Transpose.FLIP_LEFT_RIGHT).crop(marks)
    found = [image.point(lambda value: 255 * (value < 200)).getbbox() for image in (front.crop(marks), turned)]
    assert found[0]
    assert found[1]
    assert all(abs(one - other) <= 2 for one, other in zip(*found, strict=True))


def test_the_document_says_what_it_is(photo: bytes) -> None:
    read = reader(badge.render(a_badge(photo), "zh_CN"))
    assert read.metadata
    assert read.metadata.title == "机房出入证 Data center badge BA-2611-0001"
    assert read.metadata.author == "睿柏数据中心 Rackpass Data Center"
    assert read.trailer["/Root"]["/Lang"] == "zh-CN"


def test_the_same_data_give_the_same_bytes(photo: bytes) -> None:
    """The date inside is that of the issue: nothing depends on when it is printed."""
    pdf = badge.render(a_badge(photo), "zh_CN")
    assert pdf == badge.render(a_badge(photo), "zh_CN")
    read = reader(pdf)
    assert read.metadata
    assert read.metadata.creation_date == a_badge(photo).issued_at


def test_no_badges_make_no_sheet() -> None:
    with pytest.raises(ValueError, match="no badges"):
        badge.render_sheet([], "zh_CN")


def test_fonts_are_embedded(photo: bytes) -> None:
    assert embedded_fonts(badge.render(a_badge(photo), "zh_CN")) == set(fonts.WEIGHTS)


def test_nothing_but_the_band_comes_near_the_cards_edge(photo: bytes) -> None:
    pdf = badge.render(a_badge(photo, client=LONG_CLIENT), "zh_CN")
    assert not ink_at_the_edge(pdf, 1, 1.2)
    front = rendered(pdf, 0, 254)
    assert front.crop((0, 110, front.width, front.height)).getbbox()
    assert front.crop((0, 110, 25, front.height)).getextrema() == (255, 255)
    assert front.crop((front.width - 25, 110, front.width, front.height)).getextrema() == (255, 255)
