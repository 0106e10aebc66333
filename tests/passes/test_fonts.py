"""The fonts: made once, whole or not at all; every name prints or is refused; bold is bold; threads do not mix glyphs."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from portal.passes import fonts

from . import reading_back

BUILD = """
import sys, time
weight, name, target = sys.argv[1:]
with open(target, "w") as file:
    file.write(name)
    file.flush()
    print("0.5", flush=True)
    time.sleep({seconds})
    file.write(" whole")
print("1.0", flush=True)
sys.exit({code})
"""


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    def pretend(seconds: float = 0.2, code: int = 0) -> None:
        script = tmp_path / "build.py"
        script.write_text(BUILD.format(seconds=seconds, code=code))
        monkeypatch.setattr(fonts, "BUILDER", script)

    pretend()
    return pretend


def drawn(*lines: tuple[str, str]) -> bytes:
    buffer = io.BytesIO()
    fonts.faces()
    canvas = Canvas(buffer, pagesize=(400, 30 * len(lines) + 10), initialFontName=fonts.REGULAR)
    for number, (text, font) in enumerate(lines):
        canvas.setFont(font, 20)
        canvas.drawString(10, 10 + 30 * number, text)
    canvas.save()
    return buffer.getvalue()


RARE = "㛃珺堃䶮𠮷𬭎燚喆㙓𫖯"


def test_rare_names_have_shapes() -> None:
    assert fonts.missing(RARE + "阿依古丽·买买提 Müller (B2) ￥1,200 m²") == set()


def test_what_cannot_be_printed_is_named() -> None:
    assert fonts.missing("王😀珺각") == {"😀", "각"}
    with pytest.raises(fonts.NoGlyph, match=r"U\+1F600") as refused:
        fonts.printable("王😀珺")
    assert refused.value.characters == {"😀"}


def test_invisible_characters_of_pasted_text_are_left_out() -> None:
    assert fonts.missing("王\u200b珺\ufeff葛\U000e0100") == set()
    assert fonts.printable("王\u200b珺\ufeff葛\U000e0100") == "王珺葛"


def test_a_line_break_is_a_space() -> None:
    assert fonts.missing("王\n珺\t") == set()
    assert fonts.printable("王\n珺\u200b") == "王 珺"


def test_remarks_are_printed_with_marks_for_what_has_no_shape() -> None:
    assert fonts.with_marks("谢谢😀，请\u200b回电") == "谢谢〓，请回电"


def test_each_rare_name_is_read_back_and_has_ink() -> None:
    """Beyond U+FFFF too: a name is found by searching the PDF, and is a drawn shape, not an empty box."""
    pdf = drawn((RARE, fonts.REGULAR), (RARE, fonts.BOLD))
    assert reading_back.texts(pdf)[0] == RARE * 2
    boxes = {reading_back.rendered(drawn((name, fonts.REGULAR)), 0).tobytes() for name in RARE}
    assert len(boxes) == len(RARE)


def test_bold_is_bold() -> None:
    regular, bold = (drawn(("机房出入证 BA-2611", font)) for font in (fonts.REGULAR, fonts.BOLD))
    ink = [sum(255 - value for value in reading_back.rendered(pdf, 0).tobytes()) for pdf in (regular, bold)]
    assert ink[1] > 1.2 * ink[0]
    assert reading_back.embedded_fonts(drawn(("证", fonts.REGULAR), ("证", fonts.BOLD))) == set(fonts.WEIGHTS)


def test_only_what_is_used_is_embedded() -> None:
    assert len(drawn(("机房出入证", fonts.REGULAR))) < 10_000


def test_more_than_one_subset_of_characters() -> None:
    """A PDF font of this kind holds 256 characters; a long document needs several of them."""
    many = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 600))
    parts = [many[start : start + 15] for start in range(0, 600, 15)]
    text = "".join(reading_back.texts(drawn(*((part, fonts.REGULAR) for part in parts))))
    assert text == many


def test_loading_is_quick(font_cache: Path) -> None:
    program = f"""
import time
from pathlib import Path
from portal.passes import fonts
begun = time.perf_counter()
fonts.load(Path({str(font_cache)!r}))
print(time.perf_counter() - begun)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(told.stdout) < 1.5


def test_prepared_fonts_are_used_as_they_are(font_cache: Path) -> None:
    begun = time.perf_counter()
    made = fonts.prepare(font_cache, lambda share, what: pytest.fail("nothing is to be made"))
    assert time.perf_counter() - begun < 0.5
    assert made.regular.parent == made.bold.parent == font_cache


def test_fonts_that_are_not_there(tmp_path: Path, font_cache: Path) -> None:
    fonts.use(tmp_path)
    with pytest.raises(fonts.FontsNotPrepared, match="not prepared"):
        fonts.width("王")
    with pytest.raises(fonts.FontsNotPrepared, match="holds no TrueType font"):
        fonts.prepare(tmp_path, font_dir=tmp_path)
    fonts.use(font_cache)
    assert fonts.width("王") == 1.0


def test_both_weights_are_made_at_once_and_progress_is_told(tmp_path: Path, builder: object) -> None:
    heard: list[float] = []
    begun = time.perf_counter()
    made = fonts.prepare(tmp_path / "cache", lambda share, what: heard.append(share))
    assert time.perf_counter() - begun < 2
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert (made.regular.read_text(), made.bold.read_text()) == ("NotoSansSC-Regular whole", "NotoSansSC-Bold whole")


def test_a_failed_build_leaves_nothing_under_the_name(tmp_path: Path, builder: object) -> None:
    builder(code=3)  # type: ignore[operator]
    with pytest.raises(subprocess.CalledProcessError):
        fonts.prepare(tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.ttf"))
    builder()  # type: ignore[operator]
    fonts.prepare(tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("*.ttf"))) == 2
    assert not list((tmp_path / "cache").glob("*.part"))


def test_a_killed_build_leaves_nothing_under_the_name(tmp_path: Path, builder: object) -> None:
    builder(seconds=30)  # type: ignore[operator]
    program = f"""
from pathlib import Path
from portal.passes import fonts
fonts.BUILDER = Path({str(fonts.BUILDER)!r})
fonts.prepare(Path({str(tmp_path / "cache")!r}), lambda share, what: print("begun", flush=True))
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()
    process.kill()
    process.wait()
    process.stdout.close()
    assert not list((tmp_path / "cache").glob("*.ttf"))
    builder()  # type: ignore[operator]
    made = fonts.prepare(tmp_path / "cache")
    assert made.bold.read_text() == "NotoSansSC-Bold whole"


def test_two_at_once_make_them_once(tmp_path: Path, builder: object) -> None:
    heard: dict[int, list[float]] = {}

    def prepare(who: int) -> fonts.Fonts:
        heard[who] = []
        return fonts.prepare(tmp_path / "cache", lambda share, what: heard[who].append(share))

    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(prepare, range(3)))
    assert len(made) == 1
    assert sum(bool(shares) for shares in heard.values()) == 1


def test_own_fonts_take_their_place(tmp_path: Path, font_cache: Path) -> None:
    """Also one font for both weights: its glyphs must not be mixed up between the two."""
    made = fonts.prepare(font_cache)
    (tmp_path / "Own.ttf").symlink_to(made.bold)
    fonts.use(font_cache, tmp_path)
    assert fonts.prepare(font_cache, font_dir=tmp_path).regular == tmp_path / "Own.ttf"
    pdf = drawn(("出门条", fonts.REGULAR), ("验收单", fonts.BOLD))
    assert sorted(reading_back.lines(pdf, 0)) == ["出门条", "验收单"]
    (tmp_path / "Own-Regular.ttf").symlink_to(made.regular)
    (tmp_path / "Own-Bold.ttf").symlink_to(made.bold)
    assert fonts.prepare(font_cache, font_dir=tmp_path) == fonts.Fonts(tmp_path / "Own-Regular.ttf", tmp_path / "Own-Bold.ttf")


def test_threads_do_not_mix_their_glyphs() -> None:
    """reportlab reads glyphs through one shared position; two documents at once must not disturb one another."""
    texts = [chr(0x4E00 + 97 * number) * 3 + chr(0x5E00 + 31 * number) * 3 for number in range(24)]
    alone = [reading_back.rendered(drawn((text, fonts.REGULAR)), 0).tobytes() for text in texts]
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    gate = threading.Barrier(8)

    def work(number: int) -> list[bytes]:
        gate.wait()
        return [drawn((text, fonts.REGULAR)) for text in texts[number * 3 : number * 3 + 3] * 10]

    try:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(work, range(8)))
    finally:
        sys.setswitchinterval(switching)
    for number, pdfs in enumerate(made):
        for place, pdf in enumerate(pdfs):
            assert reading_back.rendered(pdf, 0).tobytes() == alone[number * 3 + place % 3]
