"""What people are told about evidence packs."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

MADE = Message(
    "evidence_pack.made",
    N_("Evidence pack %(number)s is ready"),
    N_("The evidence pack for %(start)s to %(end)s (%(number)s) is made and signed. It can be downloaded from its page."),
)
FAILED = Message(
    "evidence_pack.failed",
    N_("Evidence pack %(number)s could not be made"),
    N_("Making the evidence pack for %(start)s to %(end)s (%(number)s) failed. The page says why; you can try again there."),
)
