"""The portal's source as the architecture tests look at it: modules, what each imports, templates without their Jinja."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    """One module: `portal.badges.rules` has the area "badges" and the part "rules"."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def area(self) -> str:
        parts = self.name.split(".")
        return parts[1] if len(parts) > 2 else ""

    @property
    def part(self) -> str:
        return ".".join(self.name.split(".")[2:])

    @property
    def layer(self) -> str:
        """The layer by the file's name; "" for one that an area has besides the usual ones."""
        return self.part.split(".")[0]


@dataclass(frozen=True)
class Source:
    """All modules below `portal/`, and which of them import which."""

    modules: Mapping[str, Module]
    imports: Mapping[str, frozenset[str]]
    foreign: Mapping[str, frozenset[str]]

    def reached_from(self, start: str) -> Iterator[tuple[str, ...]]:
        """Each module that `start` needs, as the way that leads there. What only a package's own __init__ needs is left out."""
        ways = [(start,)]
        seen = {start}
        while ways:
            way = ways.pop()
            for name in sorted(self.imports[way[-1]] - seen):
                seen.add(name)
                ways.append((*way, name))
                yield (*way, name)


@lru_cache(maxsize=1)
def portal() -> Source:
    """The portal's own source."""
    return read(ROOT)


def read(root: Path) -> Source:
    """Reads the modules below `root`/portal."""
    modules = {}
    for path in sorted((root / "portal").rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        modules[name] = Module(name, path, ast.parse(path.read_text(), str(path)))
    imports, foreign = {}, {}
    for module in modules.values():
        named = set(_imported(module, modules))
        imports[module.name] = frozenset(named & set(modules)) - {module.name}
        foreign[module.name] = frozenset(name.split(".")[0] for name in named - set(modules))
    return Source(modules, imports, foreign)


def _imported(module: Module, modules: Mapping[str, Module]) -> Iterator[str]:
    """What a module imports, wherever in it, by full names."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.path}: relative imports hide where they lead"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules else node.module or ""


def plant(root: Path, **files: str) -> Source:
    """A small portal made of `files`: badges__rules="..." is portal/badges/rules.py."""
    for name, text in files.items():
        path = root / "portal" / Path(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read(root)


_JINJA = re.compile(r"\{#.*?#\}|\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def without_jinja(template: str) -> str:
    """The template's HTML: a value stands as "", everything else of Jinja as nothing; lines stay where they are."""
    return _JINJA.sub(lambda found: "\n" * found[0].count("\n"), template)


def templates(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Each template's name and text."""
    for path in sorted((root / "templates").rglob("*.html")):
        yield path.relative_to(root / "templates").as_posix(), path.read_text()
