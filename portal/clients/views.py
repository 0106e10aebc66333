"""The pages of clients and their people."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.badges.lifecycle import LIVE
from portal.badges.rules import limit as badge_limit
from portal.clients import queries, rules, services
from portal.clients.forms import ChangeClientForm, ChangePersonForm, ContactForm, NewClientForm, NewPersonForm
from portal.clients.models import Client, Person
from portal.conduct import queries as conduct
from portal.conduct.rules import BARRED, BROKEN
from portal.contracts import queries as contracts
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.forms import Form
from portal.kernel.i18n import N_, _, _l
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Permission, allow, proven
from portal.kernel.tables import Choice, Column, Switch, Table, Text
from portal.kernel.web import ActionView, actor, id_argument, page, state_view, submit

P = Permission

bp = Blueprint("clients", __name__, url_prefix="/clients")

BLUEPRINTS = [bp]

PEOPLE_SHOWN = 8
HERE, LEFT = State("here", N_("Current"), Tone.OK), State("left", N_("Left"), Tone.REST)


def person_state(person: Person) -> State:
    """A person's state in the reader's language."""
    state = LEFT if person.left_at else HERE
    return State(state.key, _(state.label), state.tone)


CLIENTS = Table[Any](
    "clients",
    id=Client.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), cell=lambda r: r.Client.number, sort=Client.number, code=True, primary=True),
        Column("name", _l("Name"), cell=lambda r: r.Client.name, sort=Client.name, sub=lambda r: _(rules.CLIENT_KINDS[r.Client.kind])),
        Column("phone", _l("Phone"), cell=lambda r: r.Client.phone, code=True),
        Column("in_force", _l("Contracts in force"), num=True),
        Column("in_service", _l("Equipment in service"), num=True),
        Column("created_at", _l("Registered"), cell=lambda r: clock.today(r.Client.created_at)),
    ],
    filters=[
        Text("q", _l("Search"), where=queries.client_like, hint=_l("Name, number, whole registration number")),
        Choice("kind", _l("Kind"), options=lambda: [(k, _(v)) for k, v in rules.CLIENT_KINDS.items()], column=Client.kind),
        Switch("in_force", _l("With a contract in force"), where=queries.has_contract_in_force),
    ],
    row_url=lambda r: url_for("clients.show", client_id=r.Client.id),
)

PEOPLE = Table[Person](
    "people",
    id=Person.id,
    default_sort="-added",
    columns=[
        Column("name", _l("Full name"), sort=Person.name, primary=True),
        Column("client", _l("Client"), cell=lambda p: p.client.name, url=lambda p: url_for("clients.show", client_id=p.client_id)),
        Column("document", _l("Document"), cell=lambda p: _(rules.DOCUMENT_KINDS[p.document_kind])),
        Column("tail", _l("Ends in"), cell=lambda p: p.document_tail, code=True),
        Column("phone", _l("Phone"), code=True),
        Column("state", _l("State"), cell=person_state),
        Column("added", _l("Added"), cell=lambda p: clock.today(p.created_at), sort=Person.id),
    ],
    filters=[
        Text("q", _l("Search"), where=queries.person_like, hint=_l("Name, client, last digits or whole document number")),
        Choice(
            "state",
            _l("State"),
            options=lambda: [(state.key, _(state.label)) for state in (HERE, LEFT)],
            where=lambda value: Person.left_at.is_(None) if value == HERE.key else Person.left_at.is_not(None),
        ),
        Choice(
            "document", _l("Document"), options=lambda: [(k, _(v)) for k, v in rules.DOCUMENT_KINDS.items()], column=Person.document_kind
        ),
    ],
    for_staff=("client",),
    row_url=lambda p: url_for("clients.person", person_id=p.id),
)


@bp.get("/")
@allow(P.CLIENT_READ)
def index() -> ResponseReturnValue:
    """All clients, for staff; a client user is led to their own."""
    if actor().is_client:
        return redirect(url_for("clients.own"))
    statement: Any = queries.select_with_contracts(actor())
    if request.args.get("export"):
        return CLIENTS.export(session(), statement, request.args, request.args["export"])
    found = CLIENTS.read(session(), statement, request.args, lambda **kw: url_for("clients.index", **kw))
    return page("clients/index.html", found=found)


@bp.get("/own")
@allow(P.CLIENT_READ)
def own() -> ResponseReturnValue:
    """A client user's own company."""
    client_id = actor().client_id
    if client_id is None:
        return redirect(url_for("clients.index"))
    return _record(queries.get_client(actor(), client_id))


@bp.route("/register", methods=["GET", "POST"])
@allow(P.CLIENT_WRITE)
def register() -> ResponseReturnValue:
    g.place = "clients.index"
    sales = queries.sales_people()
    own = actor().user_id
    form = NewClientForm(data={"kind": rules.COMPANY, "sales": ids.to_text(own) if own and own in dict(sales) else ""})
    form.offer(sales)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.register_client(form.command(), actor(), clock.now()),
            then=lambda client: url_for("clients.show", client_id=client.id),
            said=lambda client: _("%(name)s is registered as %(number)s.", name=client.name, number=client.number),
        )
        if done is not None:
            return done
    return page("clients/register.html", form)


@bp.get("/<id:client_id>")
@allow(P.CLIENT_READ)
def show(client_id: uuid.UUID) -> ResponseReturnValue:
    return _record(queries.get_client(actor(), client_id))


@bp.post("/<id:client_id>/number")
@allow(P.IDENTITY_REVEAL)
@proven
def reveal(client_id: uuid.UUID) -> ResponseReturnValue:
    """The record with the registration number in full, once; that it was shown stays on record (R-S2)."""
    with transaction():
        number = services.reveal_client_number(queries.get_client(actor(), client_id), actor(), clock.now())
    return _record(queries.get_client(actor(), client_id), number)


@bp.route("/<id:client_id>/change", methods=["GET", "POST"])
@allow(P.CLIENT_WRITE)
def change(client_id: uuid.UUID) -> ResponseReturnValue:
    g.place = "clients.index"
    client = queries.get_client(actor(), client_id)
    sales = queries.sales_people()
    if client.sales_id is not None and client.sales_id not in dict(sales):
        sales.append((client.sales_id, queries.name_of_user(client.sales_id)))
    kept = {"name": client.name, "phone": client.phone, "address": client.address, "note": client.note}
    form = ChangeClientForm(data=kept | {"sales": ids.to_text(client.sales_id) if client.sales_id else ""})
    form.offer(sales)
    back = url_for("clients.show", client_id=client.id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_client(client, form.command(), actor(), clock.now()),
            then=lambda _none: back,
            said=_("The client's data are saved."),
        )
        if done is not None:
            return done
    return page("clients/change.html", form, client=client, back=back, shown=rules.mask(client.registration_number))


@bp.route("/<id:client_id>/contacts/add", methods=["GET", "POST"])
@allow(P.CLIENT_WRITE, P.PERSON_WRITE)
def add_contact(client_id: uuid.UUID) -> ResponseReturnValue:
    client = _client(client_id)
    form = ContactForm()
    return _contact_page(
        client,
        form,
        _("Add contact"),
        lambda: services.add_contact(client, form.command(), actor(), clock.now()),
        _("The contact is added."),
    )


@bp.route("/<id:client_id>/contacts/<id:contact_id>", methods=["GET", "POST"])
@allow(P.CLIENT_WRITE, P.PERSON_WRITE)
def change_contact(client_id: uuid.UUID, contact_id: uuid.UUID) -> ResponseReturnValue:
    client = _client(client_id)
    contact = queries.get_contact(client, contact_id)
    form = ContactForm(obj=contact)
    return _contact_page(
        client,
        form,
        _("Change contact"),
        lambda: services.change_contact(contact, client, form.command(), actor(), clock.now()),
        _("The contact is saved."),
    )


@bp.route("/<id:client_id>/contacts/<id:contact_id>/remove", methods=["GET", "POST"])
@allow(P.CLIENT_WRITE, P.PERSON_WRITE)
def remove_contact(client_id: uuid.UUID, contact_id: uuid.UUID) -> ResponseReturnValue:
    client = _client(client_id)
    contact = queries.get_contact(client, contact_id)
    form = Form()
    return _contact_page(
        client,
        form,
        _("Remove contact"),
        lambda: services.remove_contact(contact, client, actor(), clock.now()),
        _("The contact is removed."),
        removed=contact,
    )


def _contact_page(client: Client, form: Form, title: str, work: Any, said: str, **context: Any) -> ResponseReturnValue:
    back = url_for("clients.show", client_id=client.id)
    if form.validate_on_submit():
        done = submit(form, work, then=lambda _none: back, said=said)
        if done is not None:
            return done
    return page("clients/contact.html", form, client=client, title=title, back=back, **context)


def _client(client_id: uuid.UUID) -> Client:
    client = queries.get_client(actor(), client_id)
    g.place = "clients.own" if actor().is_client else "clients.index"
    return client


def _record(client: Client, number: str = "") -> ResponseReturnValue:
    """The record page; `number`: the registration number, when it was just asked for."""
    who = actor()
    g.place = "clients.own" if who.is_client else "clients.index"
    people = queries.people_of(who, client.id) if who.may(P.PERSON_READ) else []
    return page(
        "clients/show.html",
        client=client,
        kind=_(rules.CLIENT_KINDS[client.kind]),
        masked=rules.mask(client.registration_number),
        number=number,
        sales=queries.name_of_user(client.sales_id),
        contacts=queries.contacts_of(client),
        contracts=contracts.contracts_of(client),
        people=people[:PEOPLE_SHOWN],
        people_count=len(people),
        badge_of=queries.holders_among([person.id for person in people[:PEOPLE_SHOWN]]),
        badges=queries.live_badge_count(client),
        limit=badge_limit(client.kind),
        users=queries.users_of(client),
        equipment=queries.equipment_counts(client),
        may_write_contacts=who.may(P.CLIENT_WRITE) or who.may(P.PERSON_WRITE),
        happened=timeline(("client", client.id), hidden=("note",) if who.is_client else ()),
    )


@bp.get("/people")
@allow(P.PERSON_READ)
def people() -> ResponseReturnValue:
    """Everyone who acts for a client; `client` narrows it to one."""
    client_id = id_argument("client")
    client = queries.get_client(actor(), client_id) if client_id else None
    statement = queries.select_people(actor())
    kept: dict[str, Any] = {}
    if client is not None:
        statement, kept = statement.where(Person.client_id == client.id), {"client": ids.to_text(client.id)}
    if request.args.get("export"):
        return PEOPLE.export(session(), statement, request.args, request.args["export"])
    found = PEOPLE.read(session(), statement, request.args, lambda **kw: url_for("clients.people", **kept, **kw))
    add_to = client.id if client is not None else actor().client_id
    return page("clients/people.html", found=found, client=client, add_to=add_to if actor().may(P.PERSON_WRITE) else None)


@bp.route("/<id:client_id>/people/add", methods=["GET", "POST"])
@allow(P.PERSON_WRITE)
def add_person(client_id: uuid.UUID) -> ResponseReturnValue:
    g.place = "clients.people"
    client = queries.get_client(actor(), client_id)
    form = NewPersonForm()
    form.offer()
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.add_person(form.command(client.id), actor(), clock.now()),
            then=lambda person: url_for("clients.person", person_id=person.id),
            said=lambda person: _("%(name)s is added.", name=person.name),
        )
        if done is not None:
            return done
    return page("clients/add_person.html", form, client=client, back=url_for("clients.show", client_id=client.id))


@bp.get("/people/<id:person_id>")
@allow(P.PERSON_READ)
def person(person_id: uuid.UUID) -> ResponseReturnValue:
    return _person_record(queries.get_person(actor(), person_id))


@bp.post("/people/<id:person_id>/number")
@allow(P.IDENTITY_REVEAL)
@proven
def reveal_person(person_id: uuid.UUID) -> ResponseReturnValue:
    """The record with the document's number in full, once; that it was shown stays on record (R-S2)."""
    with transaction():
        number = services.reveal_person_number(queries.get_person(actor(), person_id), actor(), clock.now())
    return _person_record(queries.get_person(actor(), person_id), number)


@bp.route("/people/<id:person_id>/change", methods=["GET", "POST"])
@allow(P.PERSON_WRITE)
def change_person(person_id: uuid.UUID) -> ResponseReturnValue:
    g.place = "clients.people"
    found = queries.get_person(actor(), person_id)
    form = ChangePersonForm(
        data={"name": found.name, "phone": found.phone, "document_kind": found.document_kind, "employer": found.employer}
    )
    form.offer()
    back = url_for("clients.person", person_id=found.id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_person(found, form.command(), actor(), clock.now()),
            then=lambda _none: back,
            said=_("The person's data are saved."),
        )
        if done is not None:
            return done
    return page("clients/change_person.html", form, person=found, back=back, shown=rules.mask(found.document_number))


@bp.route("/people/<id:person_id>/left", methods=["GET", "POST"])
@allow(P.PERSON_WRITE)
def person_left(person_id: uuid.UUID) -> ResponseReturnValue:
    """Marks a person as left, or takes them back."""
    g.place = "clients.people"
    found = queries.get_person(actor(), person_id)
    back, name = url_for("clients.person", person_id=found.id), found.name
    returns = found.left_at is not None
    form = Form()
    if form.validate_on_submit():
        verb = services.take_back if returns else services.mark_left
        said = _("%(name)s is back.", name=name) if returns else _("%(name)s is marked as left.", name=name)
        done = submit(form, lambda: verb(found, actor(), clock.now()), then=lambda _none: back, said=said)
        if done is not None:
            return done
    badge = queries.holders_among([found.id]).get(found.id)
    return page("clients/person_left.html", form, person=found, returns=returns, badge=badge, back=back)


def _person_record(person: Person, number: str = "") -> ResponseReturnValue:
    """The record page; `number`: the document's number, when it was just asked for."""
    g.place = "clients.people"
    badges = queries.badges_of(person)
    actions = []
    if actor().may(P.PERSON_WRITE):
        left = ActionView(_("Mark as back") if person.left_at else _("Mark as left"), url_for("clients.person_left", person_id=person.id))
        actions = [ActionView(_("Change"), url_for("clients.change_person", person_id=person.id)), left]
    if actor().may(P.VIOLATION_RECORD):
        actions.append(ActionView(_("Record a violation"), url_for("conduct.record", person=ids.to_text(person.id))))
    return page(
        "clients/person.html",
        person=person,
        state=person_state(person),
        document=_(rules.DOCUMENT_KINDS[person.document_kind]),
        masked=rules.mask(person.document_number),
        number=number,
        badges=[(badge, state_view(badge)) for badge in badges],
        live=next((badge for badge in badges if badge.state in LIVE), None),
        actions=actions,
        happened=timeline(("person", person.id)),
        conduct=[(violation, state_view(violation), _(BROKEN[violation.rule])) for violation in conduct.history_of(actor(), person)],
        barred=conduct.ban_on(person.document_hash, clock.now()) is not None,
        not_now=BARRED(name=person.name),
    )
