"""The models that the portal ships, read from `catalogue.csv`; `catalogue.md` says where the facts come from."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

from portal.equipment.rules import search_text

FILE = Path(__file__).with_name("catalogue.csv")


def read() -> list[dict[str, Any]]:
    """One mapping of column values a model, in the file's order."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return [_model(row) for row in csv.DictReader(lines)]


def _model(row: dict[str, str]) -> dict[str, Any]:
    inlets = int(row["power_inlets"] or 0)
    draw_w = float(row["max_draw_w_per_inlet"] or 0)
    return {
        "manufacturer": row["manufacturer"],
        "name": row["model"],
        "part_number": row["part_number"],
        "height_u": math.ceil(float(row["height_u"])),  # half a unit keeps the other half from being used
        "full_depth": row["full_depth"] == "yes",
        "weight_g": round(float(row["weight_kg"]) * 1000) if row["weight_kg"] else None,
        "power_inlets": inlets,
        "power_w": round(draw_w * ((inlets + 1) // 2)),  # of two or more inlets half are spares
        "network_ports": int(row["network_ports"] or 0),
        "management_ports": int(row["management_ports"] or 0),
        "search_text": search_text(row["manufacturer"], row["model"], row["part_number"]),
    }
