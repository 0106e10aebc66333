"""From who is inside to the evacuation list on paper: gathers what it shows, draws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from config import Settings
from portal.gate.queries import SiteInside
from portal.kernel import clock
from portal.passes.documents import evacuation as document
from portal.passes.documents.style import Bilingual


def evacuation(sites: Sequence[SiteInside], settings: Settings, now: datetime, locale: str) -> bytes:
    """The list of these sites as of `now`."""
    return document.render(
        document.Evacuation(
            owner=Bilingual(settings.site_name_zh, settings.site_name_en),
            sites=[
                document.SiteInside(
                    Bilingual(found.site.name, found.site.name_en),
                    [
                        document.RoomInside(
                            room.code,
                            Bilingual(room.name, room.name_en),
                            [
                                document.Inside(
                                    row.Presence.person_name, row.client, row.Presence.phone, row.escort or "", row.Presence.created_at
                                )
                                for row in rows
                            ],
                        )
                        for room, rows in found.rooms
                    ],
                )
                for found in sites
            ],
            as_of=now,
            zone=clock.zone(),
        ),
        locale,
    )
