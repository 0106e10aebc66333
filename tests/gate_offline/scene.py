"""What a gate without a network adds to the scene: a mistake of somebody whose badge is lost, and the word that slips may leave."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.kernel.db import session
from portal.passes.models import Pass
from tests.gate_offline import making


def set_up(scene: Any) -> None:
    """Keeps `mistake` and `release`."""
    lost = session().scalars(select(Pass).where(Pass.subject_id == scene.ids["badge_lost"])).one()
    scene.keep(mistake=making.admitted(scene.cast, lost), release=making.allowed(scene.cast))
