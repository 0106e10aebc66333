"""The pages of accounts, by who opens them: entry (nobody signed in yet), own, users, rules."""

from __future__ import annotations

from portal.accounts.views import entry, own, rules, second_factor, users
from portal.accounts.views.blueprint import bp

BLUEPRINTS = [bp]
__all__ = ["BLUEPRINTS", "entry", "own", "rules", "second_factor", "users"]
