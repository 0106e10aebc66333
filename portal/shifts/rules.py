"""What the rules say about shifts. Pure."""

from __future__ import annotations

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

MOST_LISTED = 50  # of each kind: a record that is signed is read first

SITE_TAKEN = Refusal("shift.site_taken", N_("%(guard)s is on duty here. Take over from them."), field="site")
SOMEONE_FASTER = Refusal("shift.site_taken", N_("Someone else just went on duty here. Take over from them."), field="site")
ON_DUTY_ELSEWHERE = Refusal("shift.on_duty", N_("You are on duty already. Hand that shift over, or end it, first."))
NOT_YOURS = Refusal("shift.not_yours", N_("Only who is on duty hands over, or ends the shift."))
