"""From badges to the documents: gathers what the card shows, draws nothing itself."""

from __future__ import annotations

from sqlalchemy import select

from config import Settings
from portal.accounts.models import User
from portal.badges.models import Badge
from portal.files import queries as files
from portal.files.models import StoredFile
from portal.kernel import clock
from portal.kernel.db import session
from portal.passes.documents import badge as document
from portal.passes.documents.style import Bilingual
from portal.passes.models import Pass
from portal.passes.queries import qr_text


def card(badge: Badge, settings: Settings, locale: str) -> bytes:
    """One card, two pages of 85.6 × 54 mm. The badge is loaded with person, client, grants, contracts and rooms."""
    return document.render(_cards([badge], settings)[0], locale)


def sheet(badges: list[Badge], settings: Settings, locale: str) -> bytes:
    """Ten cards on each A4 page, fronts and backs registered for printing on both sides."""
    return document.render_sheet(_cards(badges, settings), locale)


def _cards(badges: list[Badge], settings: Settings) -> list[document.Badge]:
    """Four queries however many badges there are. Badges without a live pass cannot be printed and are left out."""
    ids = [badge.id for badge in badges]
    passes = {p.subject_id: p for p in session().scalars(select(Pass).where(Pass.subject_id.in_(ids), Pass.revoked_at.is_(None)))}
    photos = {f.id: f for f in session().scalars(select(StoredFile).where(StoredFile.id.in_([b.photo_id for b in badges])))}
    reviewers = select(User.id, User.name).where(User.id.in_([b.reviewed_by_id for b in badges if b.reviewed_by_id]))
    names = dict(session().execute(reviewers).all())
    return [
        document.Badge(
            site=site(settings),
            number=badge.number,
            holder=badge.person.name,
            client=badge.client.name,
            rooms=" ".join(sorted({grant.contract.room.code for grant in badge.grants})),
            valid_until=badge.valid_until,
            photo=files.content(photos[badge.photo_id]),
            qr_text=qr_text(passes[badge.id], settings.base_url),
            short_code=passes[badge.id].short_code,
            issued_by=names.get(badge.reviewed_by_id, ""),
            issued_at=badge.issued_at,
            zone=clock.zone(),
        )
        for badge in badges
        if badge.id in passes and badge.valid_until is not None and badge.issued_at is not None and badge.reviewed_by_id is not None
    ]


def site(settings: Settings) -> document.Site:
    """Whose badge it is and where a found one goes."""
    return document.Site(
        name=Bilingual(settings.site_name_zh, settings.site_name_en),
        return_to=Bilingual(settings.site_address_zh, settings.site_address_en),
        phone=settings.site_phone,
    )
