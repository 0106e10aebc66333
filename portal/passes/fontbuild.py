"""Makes one static weight of Noto Sans SC out of a package's variable fonts. Run as a process by `fonts.prepare`.

    python -P fontbuild.py WEIGHT POSTSCRIPT_NAME TARGET

Prints the share done, from 0 to 1, one number a line. Imports nothing of the portal, so that starting it costs nothing.

The Simplified Chinese font lacks some two thousand ideographs that names in Hong Kong, Taiwan and Japan use (U+20BB7
is the best known). Its sisters in the same package are of the same design and have them, so they are set into the one
font: a document then needs no change of font within a name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._c_m_a_p import cmap_format_4, cmap_format_12
from fontTools.varLib import instancer

PACKAGE = "justmytype_intl_cjk"
MAIN = "SC"
SUPPLEMENTS = ("TC", "JP", "KR")
# Layout is not used (text is set character by character), and vertical metrics neither.
DROPPED = ("GSUB", "GPOS", "GDEF", "BASE", "STAT", "HVAR", "VVAR", "vhea", "vmtx", "gasp")
KEPT_NAMES = (0, 13, 14)  # copyright and licence stay with the font
IDEOGRAPHS = ((0x2E80, 0x2FE0), (0x3400, 0xA000), (0xF900, 0xFB00), (0x20000, 0x33480))


class _Counted(dict[str, Any]):
    """The variations of each glyph, telling how many were asked for: instancing takes them one glyph at a time."""

    def __init__(self, variations: dict[str, Any], tick: Callable[[float], None]) -> None:
        super().__init__(variations)
        self._total, self._seen, self._tick = max(1, len(variations)), 0, tick

    def get(self, key: str, default: Any = None) -> Any:
        self._seen += 1
        if self._seen % 500 == 0:
            self._tick(min(1.0, self._seen / self._total))
        return super().get(key, default)


def source(script: str) -> Path:
    """The variable font of a script as the package installed it."""
    return Path(str(files(PACKAGE))) / "fonts" / "ofl" / f"notosans{script.lower()}" / f"NotoSans{script}[wght].ttf"


def build(weight: int, name: str, target: Path, tick: Callable[[float], None]) -> None:
    """Writes the font of `weight` (100..900) to `target` with the PostScript `name`. `tick` hears the share done."""
    font = TTFont(source(MAIN))
    _drop(font)
    tick(0.02)
    font["gvar"].variations = _Counted(font["gvar"].variations, lambda share: tick(0.1 + 0.65 * share))
    tick(0.1)
    font = instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True)
    for script in SUPPLEMENTS:
        _add_missing(font, source(script), script, weight)
    tick(0.85)
    _set_character_map(font, dict(font.getBestCmap()))
    _set_names(font, weight, name)
    font["OS/2"].usWeightClass = weight
    font.save(target)
    with target.open("rb") as written:
        os.fsync(written.fileno())
    tick(1.0)


def _drop(font: TTFont) -> None:
    for table in DROPPED:
        if table in font:
            del font[table]


def _add_missing(font: TTFont, path: Path, script: str, weight: int) -> None:
    """Sets into `font` the ideographs that it lacks and the font at `path` has."""
    other = TTFont(path)
    cmap = font.getBestCmap()
    wanted = [c for c in other.getBestCmap() if c not in cmap and any(a <= c < b for a, b in IDEOGRAPHS)]
    _drop(other)
    options = subset.Options(glyph_names=False, notdef_outline=False, layout_features=[], hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(other)
    other = instancer.instantiateVariableFont(other, {"wght": weight}, inplace=True)
    renamed = {glyph: f"{script}.{glyph}" for glyph in other.getGlyphOrder() if glyph != ".notdef"}
    glyphs, outlines, widths = other["glyf"], font["glyf"], font["hmtx"].metrics
    for glyph, new_name in renamed.items():
        outline = glyphs[glyph]
        if outline.isComposite():
            for component in outline.components:
                component.glyphName = renamed[component.glyphName]
        outlines[new_name] = outline
        widths[new_name] = other["hmtx"].metrics[glyph]
    font.setGlyphOrder(list(dict.fromkeys([*font.getGlyphOrder(), *renamed.values()])))
    added = {code: renamed[glyph] for code, glyph in other.getBestCmap().items()}
    _set_character_map(font, {**cmap, **added})


def _set_character_map(font: TTFont, mapping: dict[int, str]) -> None:
    """One map for the Basic Multilingual Plane and one for all, as readers of fonts expect."""
    table = newTable("cmap")
    table.tableVersion, table.tables = 0, []
    for number, encoding, kind in ((4, 1, cmap_format_4), (12, 10, cmap_format_12)):
        part = kind(number)
        part.platformID, part.platEncID, part.language, part.reserved, part.length = 3, encoding, 0, 0, 0
        part.cmap = {code: glyph for code, glyph in mapping.items() if number == 12 or code < 0x10000}
        table.tables.append(part)
    font["cmap"] = table


def _set_names(font: TTFont, weight: int, name: str) -> None:
    table = font["name"]
    table.names = [record for record in table.names if record.nameID in KEPT_NAMES]
    style = "Bold" if weight >= 600 else "Regular"
    names = {1: "Noto Sans SC", 2: style, 3: f"{name}-{weight}", 4: f"Noto Sans SC {style}", 6: name}
    for name_id, text in names.items():
        table.setName(text, name_id, 3, 1, 0x409)
        table.setName(text, name_id, 1, 0, 0)


if __name__ == "__main__":
    build(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), lambda share: print(f"{share:.3f}", flush=True))  # noqa: T201
