"""What must hold of accounts at every moment, as SQL that finds what breaks it."""

from __future__ import annotations

INVARIANTS: dict[str, str] = {
    "accounts: an active user has a password": "SELECT id, email FROM users WHERE state = 'active' AND password_hash IS NULL",
    "accounts: who is disabled has no open session": (
        "SELECT s.id FROM user_sessions s JOIN users u ON u.id = s.user_id WHERE u.state <> 'active' AND s.ended_at IS NULL"
    ),
    "accounts: at most one link of a kind is open for a user": (
        "SELECT user_id, kind FROM user_tokens WHERE used_at IS NULL GROUP BY user_id, kind HAVING count(*) > 1"
    ),
    "accounts: no link is open for who may not use it": (
        "SELECT t.id FROM user_tokens t JOIN users u ON u.id = t.user_id WHERE t.used_at IS NULL"
        " AND ((t.kind = 'invitation' AND u.state <> 'invited') OR (t.kind = 'reset' AND u.state <> 'active'))"
    ),
    "accounts: every user's state is told in the audit": (
        "SELECT u.id, u.email FROM users u WHERE NOT EXISTS"
        " (SELECT 1 FROM audit_entries a WHERE a.subject_kind = 'user' AND a.subject_id = u.id)"
    ),
    "accounts: rules are accepted after they were published": (
        "SELECT a.id FROM rules_acceptances a JOIN rules_texts t ON t.id = a.rules_text_id WHERE a.created_at < t.created_at"
    ),
    "accounts: only client users accept the rules": (
        "SELECT a.id FROM rules_acceptances a JOIN users u ON u.id = a.user_id WHERE u.client_id IS NULL"
    ),
    "accounts: a secret link does not stay in the outbox": (
        "SELECT id FROM outbox_messages WHERE code IN ('accounts.invited', 'accounts.reset')"
        " AND (sent_at IS NOT NULL OR failed_at IS NOT NULL) AND path <> ''"
    ),
}
