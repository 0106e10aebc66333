"""What people are told about requests and complaints."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

RECEIPT = Message(
    "ticket.receipt",
    N_("Your request %(number)s is registered: %(subject)s"),
    N_("We have registered your request %(number)s. It is answered by %(answer)s and settled by %(settle)s at the latest."),
)
ARRIVED = Message(
    "ticket.arrived",
    N_("New request %(number)s (%(kind)s): %(subject)s"),
    N_("%(client)s asks. First answer due by %(answer)s, settled by %(settle)s."),
)
HANDED = Message(
    "ticket.handed",
    N_("Request %(number)s is yours now: %(subject)s"),
    N_("%(who)s hands it to you: %(reason)s"),
)
ANSWERED = Message(
    "ticket.answered",
    N_("Answer to your request %(number)s: %(subject)s"),
    N_("%(who)s answers:\n\n%(body)s"),
)
ASKED_BACK = Message(
    "ticket.asked_back",
    N_("A question about your request %(number)s: %(subject)s"),
    N_("%(who)s asks, and waits for your answer:\n\n%(body)s"),
)
NOTED = Message(
    "ticket.noted",
    N_("%(number)s: an internal note (%(subject)s)"),
    N_("%(who)s notes, for staff alone:\n\n%(body)s"),
)
CLIENT_WROTE = Message(
    "ticket.client_wrote",
    N_("%(number)s: the client has written (%(subject)s)"),
    N_("%(who)s writes:\n\n%(body)s"),
)
SETTLED = Message(
    "ticket.settled",
    N_("Your request %(number)s is settled: %(subject)s"),
    N_("%(body)s\n\nAre you satisfied? Please tell us with one click:"),
    secret=True,
)
SETTLED_DESK = Message(
    "ticket.settled_desk",
    N_("Request %(number)s is settled; please say whether you are satisfied"),
    N_("%(subject)s"),
)
NOT_SATISFIED = Message(
    "ticket.not_satisfied",
    N_("%(number)s: the client is not satisfied (%(subject)s)"),
    N_("%(score)s of 5 points. %(words)s\nThe request is open again; its clock runs anew."),
)
EXTENDED = Message(
    "ticket.extended",
    N_("More time for your complaint %(number)s"),
    N_("The supervisor has granted more time, until %(until)s: %(reason)s"),
)
NEAR = Message(
    "ticket.near",
    N_("%(number)s is near its deadline: %(subject)s"),
    N_("Three quarters of the time are over. It has to be settled by %(settle)s."),
)
LATE = Message(
    "ticket.late",
    N_("%(number)s has missed its deadline: %(subject)s"),
    N_("It had to be settled by %(settle)s. Department: %(department)s, with %(assignee)s."),
)
UNANSWERED = Message(
    "ticket.unanswered",
    N_("%(number)s has had no first answer in time: %(subject)s"),
    N_("The first answer was due by %(answer)s. Department: %(department)s."),
)
SERIOUS = Message(
    "ticket.serious",
    N_("Serious complaint %(number)s: %(subject)s"),
    N_("%(client)s complains; it is yours to decide: %(reason)s"),
)
ACTION_GIVEN = Message(
    "ticket.action_given",
    N_("Corrective action for you, due on %(day)s (%(number)s)"),
    N_("%(what)s"),
)
CLOSED = Message(
    "ticket.closed",
    N_("Request %(number)s is closed"),
    N_("%(subject)s\n%(reason)s"),
)
