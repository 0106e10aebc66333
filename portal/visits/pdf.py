"""From visits to access passes: gathers what the paper shows, draws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from config import Settings
from portal.accounts.models import User
from portal.clients.rules import mask
from portal.kernel import clock
from portal.kernel.db import session
from portal.passes.documents import access_pass
from portal.passes.documents.access_pass import AccessPass
from portal.passes.documents.paper import Paper
from portal.passes.documents.style import Bilingual
from portal.passes.models import Pass
from portal.passes.queries import qr_text
from portal.visits.models import Visit, Visitor

DOCUMENTS = {
    "identity_card": Bilingual("居民身份证", "Identity card"),
    "passport": Bilingual("护照", "Passport"),
    "hk_macao_permit": Bilingual("港澳居民来往内地通行证", "Permit of Hong Kong and Macao residents"),
    "taiwan_permit": Bilingual("台湾居民来往大陆通行证", "Permit of Taiwan residents"),
    "driving_licence": Bilingual("驾驶证", "Driving licence"),
}


def document_line(kind: str, number: str) -> Bilingual:
    """An identity document as it is printed: its kind in both languages, the number masked (R-S2)."""
    words = DOCUMENTS[kind]
    return Bilingual(f"{words.zh} {mask(number)}", words.en)


def passes(visit: Visit, visitors: Sequence[Visitor], settings: Settings, locale: str) -> bytes | None:
    """The passes of those visitors who hold a live one, a page for each; None when nobody does.

    The visit is loaded with client and room, the visitors with their person. Two queries, however many.
    """
    ids = [visitor.id for visitor in visitors]
    live = {p.subject_id: p for p in session().scalars(select(Pass).where(Pass.subject_id.in_(ids), Pass.revoked_at.is_(None)))}
    issuer = session().scalar(select(User.name).where(User.id == visit.reviewed_by_id)) if visit.reviewed_by_id else None
    papers = [
        _paper(visit, visitor, live[visitor.id], issuer or settings.site_name_zh, settings) for visitor in visitors if visitor.id in live
    ]
    return access_pass.render(papers, locale) if papers else None


def _paper(visit: Visit, visitor: Visitor, found: Pass, issuer: str, settings: Settings) -> AccessPass:
    person = visitor.person
    return AccessPass(
        paper=Paper(
            site=Bilingual(settings.site_name_zh, settings.site_name_en),
            number=visitor.number,
            qr_text=qr_text(found, settings.base_url),
            short_code=found.short_code,
            issued_by=issuer,
            issued_at=found.created_at,
            zone=clock.zone(),
        ),
        kind="visit",
        person=person.name,
        document=document_line(person.document_kind, person.document_number),
        client=visit.client.name,
        employer=person.employer,
        room=visit.room.code,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        escorted=visit.escorted,
        reason=visit.reason,
        tools=visit.tools,
        vehicles=visit.vehicles,
        opens_rack=visit.opens_rack,
    )
