"""From an exit to its slip: gathers what the document shows, draws nothing itself."""

from __future__ import annotations

from config import Settings
from portal.accounts.models import User
from portal.equipment import queries as equipment
from portal.exits import queries
from portal.exits.models import Exit
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.formats import mask
from portal.passes.documents import exit_slip as document
from portal.passes.documents.paper import Paper
from portal.passes.documents.style import Bilingual
from portal.passes.models import Pass
from portal.passes.queries import qr_text

PURPOSES = {
    "withdrawal": Bilingual("撤机", "Withdrawal"),
    "repair": Bilingual("检修", "Repair"),
    "replacement": Bilingual("更换", "Replacement"),
}


def slip(found: Exit, live: Pass, settings: Settings, locale: str) -> bytes:
    """The exit slip, the gate's copy and the client's. `live` is the exit's pass."""
    things = queries.equipment_of(found)
    issuer = session().get(User, found.issued_by_id)
    assert issuer is not None
    assert found.issued_at is not None
    return document.render(
        document.ExitSlip(
            paper=Paper(
                site=Bilingual(settings.site_name_zh, settings.site_name_en),
                number=found.number,
                qr_text=qr_text(live, settings.base_url),
                short_code=live.short_code,
                issued_by=issuer.name,
                issued_at=found.issued_at,
                zone=clock.zone(),
            ),
            purpose=PURPOSES[found.kind],
            client=found.client.name,
            contract=found.contract.number,
            leaves_on=found.leaves_on,
            mover=found.mover_name,
            mover_document=mask(found.mover_document),
            reason=found.note,
            back_by=found.return_due_on,
            items=[
                document.ExitItem(
                    model=things[item.equipment_id].model.label,
                    serial=item.listed_serial,
                    asset_tag=things[item.equipment_id].asset_tag,
                    position=equipment.place_of(things[item.equipment_id]),
                )
                for item in found.items
                if item.equipment_id is not None
            ],
        ),
        locale,
    )
