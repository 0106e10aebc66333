"""A demo that cannot fail shows nothing: steps that differ are told as differing, and what rests on them as not run."""

from __future__ import annotations

import pytest

from portal.demo.scenario import html
from portal.demo.scenario.browser import Page
from portal.demo.scenario.telling import Chapter, Kept, Outcome, Unexpected, run

FORMS = """
<main><h1>Door</h1>
<form id="confirm" method="post" action="/enter"><input type="hidden" name="once" value="abc">
  <label><input type="checkbox" name="point" value="a"> Shoe covers</label>
  <label><input type="checkbox" name="point" value="b" checked> No cameras</label>
  <label for="room">Room</label><select id="room" name="room"><option value="">Choose</option>
    <option value="7">B2 &amp; C1</option></select>
  <textarea name="note">
seen</textarea>
  <input type="file" name="photo"><input name="gone" disabled value="x"></form>
<form method="post" action="/away"><input type="hidden" name="once" value="def"><button name="do" value="go">Away</button></form>
<button type="submit" form="confirm" name="do" value="enter">Enter</button></main>
"""


def page(markup: str = FORMS, codes: tuple[str, ...] = ()) -> Page:
    return Page("/door", 422 if codes else 200, codes, html.read(markup))


def test_a_form_is_sent_as_it_stands_there() -> None:
    form = page().form(id="confirm")
    assert form.data(None) == {"once": ["abc"], "point": ["b"], "room": [""], "note": ["seen"]}
    form.fill({"point": ["a"], "room": form.option("room", "B2 & C1")})
    assert form.data(form.button("do")) == {"once": ["abc"], "point": ["a"], "room": ["7"], "note": ["seen"], "do": ["enter"]}


@pytest.mark.parametrize(
    ("values", "why"),
    [({"name": "x"}, "no field name"), ({"room": "8"}, "cannot be chosen in room"), ({"point": ["c"]}, "cannot be chosen in point")],
)
def test_nobody_fills_in_what_is_not_there(values: dict[str, str | list[str]], why: str) -> None:
    with pytest.raises(Unexpected, match=why):
        page().form(id="confirm").fill(values)


def test_a_form_that_is_not_there_or_not_the_only_one_is_told() -> None:
    with pytest.raises(Unexpected, match="2 forms once"):
        page().form("once")
    with pytest.raises(Unexpected, match="0 forms serial"):
        page().form("serial")


def test_a_refusal_is_an_outcome_with_its_code_and_never_success() -> None:
    refused = page("<h1>No</h1><div class='callout stop'><b>Full</b><div>Two at most.</div></div>", ("badge.limit",))
    assert refused.outcome() == Outcome("Full Two at most.", "badge.limit")
    with pytest.raises(Unexpected, match=r"badge\.limit"):
        refused.done()


def test_steps_that_differ_are_told_and_what_rests_on_them_is_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    chapter: Chapter[Kept] = Chapter("Faults")
    chapter.step("good")(lambda _kept: "done")
    chapter.step("refused as expected", "badge.limit")(lambda _kept: Outcome("full", "badge.limit"))
    chapter.step("not refused", "badge.limit")(lambda _kept: "issued")
    chapter.step("refused otherwise", "badge.limit")(lambda _kept: Outcome("no", "badge.no_contract"))
    chapter.step("refused")(lambda _kept: Outcome("full", "badge.limit"))
    chapter.step("rests on one")(lambda kept: kept["badge"])
    chapter.step("page lacks it")(lambda _kept: str({}["number"]))
    told = run([chapter], Kept())
    assert [step["ok"] for step in told] == [True, True, False, False, False, False, False]
    assert [step["code"] for step in told] == ["", "badge.limit", "", "badge.no_contract", "badge.limit", "", ""]
    assert all(set(step) == {"name", "ok", "ms", "code"} for step in told)
    lines = [line for line in capsys.readouterr().out.splitlines() if line[:1] in "✓✗–" and line]
    assert [line[0] for line in lines] == ["✓", "✓", "✗", "✗", "✗", "–", "✗"]
    assert "expected badge.limit, got success: issued" in lines[2]
    assert "not run for want of: badge" in lines[5]
