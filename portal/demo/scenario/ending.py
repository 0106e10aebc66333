"""The contract ends, and is closed once everything is back."""

from __future__ import annotations

from portal.demo.scenario.arrival import SERVERS
from portal.demo.scenario.leaving import WITHDRAWN, apply, issue, print_slip, release
from portal.demo.scenario.story import Story, scanned
from portal.demo.scenario.telling import Chapter, Outcome, Unexpected
from portal.kernel import clock
from portal.kernel.policy import Role

CHAPTER: Chapter[Story] = Chapter("Contract closed")
REST = [serial for _model, serial in SERVERS if serial != WITHDRAWN]
OPEN = "contract.badges_out, contract.equipment_inside, contract.amounts_held"


@CHAPTER.step("sales begins the end of the contract")
def ends(story: Story) -> Outcome:
    story.needs("back")
    browser = story.staff(Role.SALES)
    page = browser.get(f"{story.kept['contract']}/end")
    page = browser.submit(page, page.form("reason"), {"reason": "客户业务迁移，不再续约。"}).done()
    story.kept["ended"] = True
    return Outcome(
        f"{page.number} {page.state.lower()}, still open:", lines=[f"{row['What']}  {row['Which']}" for row in page.rows if "Which" in row]
    )


@CHAPTER.step("its badges do not open the gate any more", "gate.no_contract")
def badges_dead(story: Story) -> Outcome:
    story.needs("ended")
    return scanned(story.staff(Role.DUTY), story.kept["card 2"]).outcome()


@CHAPTER.step("closing with things open refused", OPEN)
def closing_refused(story: Story) -> Outcome:
    return _close(story)


@CHAPTER.step("the other servers withdrawn on one slip")
def withdraws_rest(story: Story) -> str:
    story.needs("back")
    number = apply(story, "withdrawal", REST, clock.today())
    issue(story, "withdrawal")
    print_slip(story, "withdrawal")
    return f"{number.split()[0]}: {release(story, 'withdrawal', REST)}"


@CHAPTER.step("badges taken back")
def takes_badges_back(story: Story) -> str:
    browser = story.staff(Role.CUSTOMER_SERVICE)
    told = []
    for which in (1, 2):
        page = browser.get(browser.get(story.kept[f"badge {which}"]).link(to=r"/take_back$"))
        page = browser.submit(page, page.form("once")).done()
        told.append(f"{page.number} {page.state.lower()}")
    return ", ".join(told)


@CHAPTER.step("contract closed")
def closes(story: Story) -> Outcome:
    story.needs("ended")
    return _close(story)


@CHAPTER.step("every invariant holds, the audit chain is whole")
def sound(story: Story) -> str:
    broken = story.system.broken_invariants()
    if broken:
        raise Unexpected(f"broken: {', '.join(broken)}")
    return f"{story.system.verified_audit()} {story.system.mails()} e-mails were sent."


def _close(story: Story) -> Outcome:
    browser = story.staff(Role.SALES)
    page = browser.get(f"{story.kept['contract']}/close")
    page = browser.submit(page, page.form("once"))
    return page.outcome() if page.codes else Outcome(f"{page.done().number} {page.state.lower()}")
