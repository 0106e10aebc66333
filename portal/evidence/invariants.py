"""What always holds of evidence packs."""

from __future__ import annotations

INVARIANTS = {
    "a made evidence pack has its file, claimed": """
        SELECT p.id FROM evidence_packs p LEFT JOIN stored_files f ON f.id = p.file_id
        WHERE p.state = 'made' AND (f.id IS NULL OR f.claimed_at IS NULL OR f.purpose <> 'evidence_pack' OR f.sha256 <> p.sha256)
    """,
}
