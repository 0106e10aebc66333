"""From an emergency to its access pass: gathers what the paper shows, draws nothing itself."""

from __future__ import annotations

from config import Settings
from portal.emergencies import queries
from portal.emergencies.models import Emergency
from portal.kernel import clock
from portal.kernel.errors import NotFound
from portal.passes.documents import access_pass
from portal.passes.documents.access_pass import AccessPass
from portal.passes.documents.paper import Paper
from portal.passes.documents.style import Bilingual
from portal.passes.queries import live_pass, qr_text

AT_THE_GATE = Bilingual("证件在门岗查验登记", "Document seen and recorded at the gate")
NAMED_MOST = 2  # more names than that are not readable at arm's length: the line is left for the guard

REASON_MOST = 240  # characters; the record has it all


def paper(emergency: Emergency, settings: Settings, locale: str) -> bytes:
    """The red pass, one page. The emergency is loaded with everything. Raises NotFound while it opens nothing."""
    found = live_pass(emergency.id)
    if found is None or emergency.decided_at is None or emergency.lapses_at is None:
        raise NotFound(emergency.id)
    issuer = queries.names_of([emergency.decided_by_id]).get(emergency.decided_by_id, "")
    names = [person.name for person in emergency.people]
    data = AccessPass(
        paper=Paper(
            site=Bilingual(settings.site_name_zh, settings.site_name_en),
            number=emergency.number,
            qr_text=qr_text(found, settings.base_url),
            short_code=found.short_code,
            issued_by=issuer or settings.site_name_zh,
            issued_at=emergency.decided_at,
            zone=clock.zone(),
        ),
        kind="emergency",
        person="、".join(names) if len(names) <= NAMED_MOST and all(len(name) <= 8 for name in names) else "",
        document=AT_THE_GATE,
        client=emergency.client.name,
        employer="",
        room=emergency.room.code,
        starts_at=emergency.decided_at,
        ends_at=emergency.lapses_at,
        escorted=None,
        reason=emergency.reason if len(emergency.reason) <= REASON_MOST else f"{emergency.reason[:REASON_MOST]} …",
    )
    return access_pass.render([data], locale)
