"""The two fonts of everything printed: Noto Sans SC in 400 and 700, with rare ideographs, embedded as subsets.

`prepare` makes the two files once a machine (some 20 s); `use` tells a process where they are, which costs nothing; the
first text that is measured or drawn loads them (some 0.1 s). A folder of one's own (`font_dir`) replaces the made ones.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.ttfonts import TTFont, TTFontFace

REGULAR = "NotoSansSC-Regular"
BOLD = "NotoSansSC-Bold"
WEIGHTS = {REGULAR: 400, BOLD: 700}
PACKAGE = "justmytype-intl-cjk"
BUILDER = Path(__file__).with_name("fontbuild.py")
RECIPE = 1  # raise it when fontbuild.py gives other fonts than before
# Characters without a shape of their own, which come with pasted text: joiners, marks of direction, variant selectors.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
MISSING_MARK = "〓"

Progress = Callable[[float, str], None]

rl_config.useA85 = 0  # binary streams: smaller files, and quicker to write


class FontsNotPrepared(Exception):
    """The fonts are not where they were said to be; `prepare` makes them."""


class NoGlyph(ValueError):
    """A text holds characters that the fonts have no shape for: to be corrected, never printed as empty boxes."""

    def __init__(self, text: str, characters: set[str]) -> None:
        shown = " ".join(f"{c} U+{ord(c):04X}" for c in sorted(characters))
        super().__init__(f"cannot print {shown} in {text!r}")
        self.text, self.characters = text, characters


@dataclass(frozen=True, slots=True)
class Fonts:
    """Where the two static TrueType files are. They may be the same file (a fallback without a bold)."""

    regular: Path
    bold: Path


def prepare(cache_dir: Path, progress: Progress | None = None, font_dir: Path | None = None) -> Fonts:
    """Makes the fonts in `cache_dir` unless they are there; returns where they are.

    `progress(share, what)` hears how far it is, from 0 to 1. Safe to be killed (a file stands under its name only when
    it is whole) and to be called by several processes at once (one works, the others wait). Raises
    subprocess.CalledProcessError if a font cannot be made, FontsNotPrepared if `font_dir` is given and holds no font.
    """
    if font_dir is not None:
        return _own_fonts(font_dir)
    fonts = _made_fonts(cache_dir)
    if not (fonts.regular.exists() and fonts.bold.exists()):
        cache_dir.mkdir(parents=True, exist_ok=True)
        with _locked(cache_dir / "lock"):
            for left_by_a_killed_build in cache_dir.glob("*.part"):
                left_by_a_killed_build.unlink()
            _build({name: path for name, path in _by_name(fonts).items() if not path.exists()}, progress)
    return fonts


def use(cache_dir: Path, font_dir: Path | None = None) -> None:
    """Tells this process where `prepare` put the fonts. Cheap: they are loaded when the first text needs them."""
    global _where
    with _loading:
        _where = (cache_dir, font_dir)


def load(cache_dir: Path, font_dir: Path | None = None) -> None:
    """`use`, and loads the fonts now (some 0.1 s, once a process). Raises FontsNotPrepared."""
    use(cache_dir, font_dir)
    faces()


def prepared() -> Fonts:
    """Where the files of the fonts in use are. Raises FontsNotPrepared."""
    if _where is None:
        raise FontsNotPrepared("fonts.use has not run")
    cache_dir, font_dir = _where
    return prepare(cache_dir, None, font_dir)


def missing(text: str) -> set[str]:
    """The characters of `text` that cannot be printed. Forms check names with it before anything is issued on them."""
    faces()
    return {c for c in INVISIBLE.sub("", text) if ord(c) not in _known and not c.isspace()}


def printable(text: str) -> str:
    """`text` on one line, without invisible characters. Raises NoGlyph when a character has no shape in the fonts."""
    faces()
    if all(ord(character) in _known for character in text):
        return text
    without = missing(text)
    if without:
        raise NoGlyph(text, without)
    return " ".join(INVISIBLE.sub("", text).split())


def with_marks(text: str) -> str:
    """`text` with the typesetters' mark for a missing character (〓) where there is no shape. For remarks, never for names."""
    for character in missing(text):
        text = text.replace(character, MISSING_MARK)
    return INVISIBLE.sub("", text)


@lru_cache(maxsize=20_000)
def width(text: str, font: str = REGULAR) -> float:
    """The width of `text` at a size of one point, in points."""
    face = faces()[font]
    widths, default = face.charWidths, face.defaultWidth
    return float(sum(widths.get(ord(c), default) for c in text)) / 1000


def faces() -> dict[str, TTFontFace]:
    """The loaded faces by name, registered with reportlab. Raises FontsNotPrepared."""
    global _faces, _known, _loaded_from
    if _loaded_from is not None and _loaded_from == _where:
        return _faces
    with _loading:
        if _loaded_from != _where or _where is None:
            if _where is None:
                raise FontsNotPrepared("no folder of fonts was named: call portal.passes.fonts.use first")
            cache_dir, font_dir = _where
            fonts = _own_fonts(font_dir) if font_dir else _made_fonts(cache_dir)
            loaded = {name: _Font(name, path) for name, path in _by_name(fonts).items()}
            for font in loaded.values():
                pdfmetrics.registerFont(font)
            width.cache_clear()
            _faces = {name: font.face for name, font in loaded.items()}
            _known = frozenset.intersection(
                *(frozenset(code for code, glyph in face.charToGlyph.items() if glyph) for face in _faces.values())
            )
            _loaded_from = _where
        return _faces


_loading = threading.Lock()
_where: tuple[Path, Path | None] | None = None
_loaded_from: tuple[Path, Path | None] | None = None
_faces: dict[str, TTFontFace] = {}
_known: frozenset[int] = frozenset()  # the characters that both weights have


class _Slices:
    """A table of the font file of which only slices are copied: the outlines are 10 MB, a document needs some 30 kB."""

    def __init__(self, data: mmap.mmap, start: int) -> None:
        self._data, self._start = data, start

    def __getitem__(self, part: slice) -> bytes:
        return self._data[self._start + part.start : self._start + part.stop]


class _Face(TTFontFace):
    """A face whose file is mapped, not read: all processes share its pages."""

    def __init__(self, name: str, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._ttf_data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise FontsNotPrepared(f"the fonts are not prepared: {path} is not there") from None
        self.filename = str(path)
        self._subsetting = threading.Lock()
        super().__init__(str(path))
        # Own names even when both weights are one file: reportlab tells subsets apart by file and name.
        self.filename, self.name = name, ttfonts.TTFNameBytes(name.encode())

    def get_table(self, tag: str) -> Any:
        if tag == "glyf":
            return _Slices(self._ttf_data, self.get_table_pos(tag)[0])
        return super().get_table(tag)  # type: ignore[no-untyped-call]

    def makeSubset(self, subset: Sequence[int]) -> bytes:  # noqa: N802
        with self._subsetting:  # reportlab reads glyphs through one shared position
            made: bytes = super().makeSubset(subset)
            return made


class _Font(TTFont):
    """A font that tells readers of the PDF which characters it shows, beyond U+FFFF too (reportlab's own does not)."""

    def __init__(self, name: str, path: Path) -> None:
        # Not TTFont's own __init__, which would read the file into memory and parse it once more.
        self.fontName = name
        self.face = _Face(name, path)
        self.encoding = ttfonts.TTEncoding()
        self.state = WeakKeyDictionary()
        self._asciiReadable = False  # only the characters in use go into a document
        self.shapable = False

    def addObjects(self, doc: Any) -> None:  # noqa: N802
        before = set(doc.idToObject)
        super().addObjects(doc)
        for key in set(doc.idToObject) - before:
            if key.startswith("toUnicodeCMap:"):
                stream = doc.idToObject[key]
                stream.content = re.sub(r"<([0-9A-F]{5,6})>", _surrogates, stream.content)


def _surrogates(match: re.Match[str]) -> str:
    return "<" + chr(int(match[1], 16)).encode("utf-16-be").hex().upper() + ">"


def _by_name(fonts: Fonts) -> dict[str, Path]:
    return {REGULAR: fonts.regular, BOLD: fonts.bold}


def _made_fonts(cache_dir: Path) -> Fonts:
    stem = f"noto-sans-sc-{version(PACKAGE)}-r{RECIPE}"
    return Fonts(cache_dir / f"{stem}-400.ttf", cache_dir / f"{stem}-700.ttf")


def _own_fonts(font_dir: Path) -> Fonts:
    """`*regular.ttf` and `*bold.ttf` (or .ttc) in the folder; or its only font for both."""
    found = sorted(path for path in font_dir.glob("*") if path.suffix.lower() in {".ttf", ".ttc"})
    regular = [path for path in found if path.stem.lower().endswith("regular")] or found
    bold = [path for path in found if path.stem.lower().endswith("bold")] or regular
    if not regular:
        raise FontsNotPrepared(f"{font_dir} holds no TrueType font (.ttf or .ttc)")
    return Fonts(regular[0], bold[0])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(wanted: dict[str, Path], progress: Progress | None) -> None:
    """Makes the weights at the same time, each in a process of its own, with a thread that listens how far it is."""
    shares = dict.fromkeys(wanted, 0.0)
    telling = threading.Lock()

    def listen(name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with telling:
                shares[name] = float(line)
                if progress:
                    progress(sum(shares.values()) / len(shares), "Noto Sans SC")

    with ExitStack() as running:
        builds: list[tuple[Path, Path, subprocess.Popen[str], threading.Thread]] = []
        for name, path in wanted.items():
            part = path.with_suffix(f".{os.getpid()}.part")
            # -P: the folder of the script is not a place to import from; its token.py would hide the standard one.
            command = [sys.executable, "-P", str(BUILDER), str(WEIGHTS[name]), name, str(part)]
            process = running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            listener = threading.Thread(target=listen, args=(name, process), daemon=True)
            listener.start()
            # Undone in reverse: stopped if it still runs, heard to its end, then its pipe is closed.
            running.callback(listener.join)
            running.callback(process.kill)
            builds.append((path, part, process, listener))
        for path, part, process, listener in builds:
            listener.join()
            if process.wait():
                raise subprocess.CalledProcessError(process.returncode, process.args)
            part.replace(path)
