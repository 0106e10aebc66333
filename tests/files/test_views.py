"""GET /files/<id>: what is handed out, to whom, how; and the upload field in a real form."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.contracts.models import ContractDocument
from portal.files import services
from portal.files.models import StoredFile
from portal.kernel import files, ids
from portal.kernel.db import session, transaction
from tests.cast import NOW, Cast
from tests.files.test_contents import PDF_FILE
from tests.files.test_services import claimed
from tests.papers import picture

As = Callable[[str], FlaskClient]


def address(file_id: object) -> str:
    return f"/files/{ids.to_text(file_id)}"  # type: ignore[arg-type]


def test_a_picture_is_shown_and_can_do_nothing(cast: Cast, as_: As) -> None:
    response = as_("guard").get(address(claimed(cast, "badge_photo")))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "private, max-age=600"
    assert response.headers["Content-Disposition"].startswith("inline")


def test_a_pdf_is_downloaded_under_its_own_name(cast: Cast, as_: As) -> None:
    admin = cast.actor("admin")
    with transaction():
        file = services.stage(PDF_FILE, "介绍信 (1).pdf", "letter", admin, NOW)
        services.claim(file.id, "letter", cast.alpha.id, admin, NOW)
    response = as_("service").get(address(file.id))
    assert response.data == PDF_FILE
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "filename*=UTF-8''%E4%BB%8B" in response.headers["Content-Disposition"]


@pytest.mark.parametrize(("purpose", "who"), [("identity_copy", "service"), ("contract_document", "sales")])
def test_opening_what_is_confidential_stays_on_record(cast: Cast, as_: As, purpose: str, who: str) -> None:
    file_id = claimed(cast, purpose)
    response = as_(who).get(address(file_id))
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    (entry,) = session().scalars(select(AuditEntry).where(AuditEntry.tag == "file.opened"))
    assert (entry.subject_id, entry.actor_id, entry.client_id) == (file_id, cast.user(who).id, cast.alpha.id)


def test_opening_a_photo_is_everyday_work_and_leaves_no_entry(cast: Cast, as_: As) -> None:
    as_("guard").get(address(claimed(cast, "badge_photo")))
    assert not session().scalars(select(AuditEntry).where(AuditEntry.tag == "file.opened")).all()


@pytest.mark.parametrize("purpose", ["badge_photo", "identity_copy", "letter", "contract_document"])
def test_a_strangers_file_is_a_404_and_leaves_no_entry(cast: Cast, as_: As, purpose: str) -> None:
    file_id = claimed(cast, purpose)
    assert as_("stranger").get(address(file_id)).status_code == 404
    assert not session().scalars(select(AuditEntry).where(AuditEntry.tag == "file.opened")).all()


def test_bad_ids_other_methods_and_strangers_to_the_portal(app, cast: Cast, as_: As) -> None:
    file_id = claimed(cast, "letter")
    assert as_("service").get("/files/nonsense").status_code == 404
    assert as_("service").get(f"/files/{'0' * 26}").status_code == 404
    assert as_("service").post(address(file_id)).status_code == 405
    assert app.test_client().get(address(file_id)).status_code == 302


def test_a_lost_content_is_a_fault_that_is_told_as_one(app, cast: Cast, as_: As) -> None:
    file_id = claimed(cast, "letter")
    files.delete(file_id)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False
    try:
        assert as_("service").get(address(file_id)).status_code == 500
    finally:
        app.testing = True
        app.config["PROPAGATE_EXCEPTIONS"] = None


def add_document(client: FlaskClient, cast: Cast, **data: object):
    url = f"/contracts/{ids.to_text(cast.contracts['alpha'].id)}/documents/add"
    return client.post(url, data=data, content_type="multipart/form-data")


def test_an_error_elsewhere_in_the_form_loses_no_upload(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    response = add_document(sales, cast, title="", document=(io.BytesIO(PDF_FILE), "hosting contract.pdf"))
    assert response.status_code == 422
    assert "hosting contract.pdf" in response.text
    (file,) = session().scalars(select(StoredFile))
    assert file.claimed_at is None
    kept = ids.to_text(file.id)
    assert f'name="document_kept" value="{kept}"' in response.text

    response = add_document(sales, cast, title="Contract", document_kept=kept)
    assert response.status_code == 302
    session().expire_all()
    (document,) = session().scalars(select(ContractDocument))
    assert document.file_id == file.id
    assert session().get_one(StoredFile, file.id).client_id == cast.alpha.id


def test_another_file_replaces_the_kept_one(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    add_document(sales, cast, title="", document=(io.BytesIO(PDF_FILE), "old.pdf"))
    (old,) = session().scalars(select(StoredFile.id))
    data = {"title": "Contract", "document_kept": ids.to_text(old), "document": (io.BytesIO(picture()), "new.jpg")}
    assert add_document(sales, cast, **data).status_code == 302
    (document,) = session().scalars(select(ContractDocument))
    assert document.file_id != old


def test_a_bad_file_keeps_the_good_one_from_before_and_says_why(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    add_document(sales, cast, title="", document=(io.BytesIO(PDF_FILE), "good.pdf"))
    (good,) = session().scalars(select(StoredFile))
    data = {"title": "Contract", "document_kept": ids.to_text(good.id), "document": (io.BytesIO(b"MZ not a pdf"), "bad.pdf")}
    response = add_document(sales, cast, **data)
    assert response.status_code == 422
    assert "good.pdf" in response.text
    assert not session().scalars(select(ContractDocument)).all()


def test_nothing_chosen_is_told_beside_the_field(cast: Cast, as_: As) -> None:
    response = add_document(as_("sales"), cast, title="Contract")
    assert response.status_code == 422
    assert 'id="document-error"' in response.text


def test_somebody_elses_upload_cannot_be_slipped_in(cast: Cast, as_: As) -> None:
    with transaction():
        file_id = services.stage(PDF_FILE, "theirs.pdf", "contract_document", cast.actor("supervisor"), NOW).id
    response = add_document(as_("sales"), cast, title="Contract", document_kept=ids.to_text(file_id))
    assert response.status_code == 422
    assert "theirs.pdf" not in response.text
