"""What a playbook may contain: its tables, their keys, which of them are texts in several languages."""

from __future__ import annotations

TRANSLATED_TO = ("fr",)
"""English is always there; each text also has a key with each of these behind it (`title_fr`)."""

TABLES: dict[str, tuple[str, ...]] = {
    "": ("schema", "playbook", "symptom", "access", "confirm", "locks", "blast", "guard", "step"),
    "playbook": (
        "id",
        "version",
        "title",
        "class",
        "owner",
        "summary",
        "runbook_ref",
        "reviewed",
        "fits",
        "no_undo_reason",
        "way_back",
    ),
    "symptom": ("say",),
    "access": ("roles",),
    "confirm": ("kind", "phrase", "refuse_paste", "arm_after_ms", "reason_min_chars", "expires_s"),
    "locks": ("names", "ttl_s"),
    "blast": ("say",),
    "guard": ("id", "kind", "why", "fix", "severity", "on_unknown", "need"),
    "step": (
        "id",
        "title",
        "say",
        "why",
        "if_it_fails",
        "undo_text",
        "action",
        "effect",
        "args",
        "on_fail",
        "on_unknown",
        "timeout_s",
        "max_starts",
    ),
}

TEXTS = frozenset(
    {
        "playbook.title",
        "playbook.summary",
        "playbook.no_undo_reason",
        "playbook.way_back",
        "symptom.say",
        "blast.say",
        "guard.why",
        "guard.fix",
        "step.title",
        "step.say",
        "step.why",
        "step.if_it_fails",
        "step.undo_text",
    }
)

PLACEHOLDERS = frozenset(
    {"site_code", "site_name", "waiting", "delayed", "failed", "expired", "devices", "operator", "role"}
)
"""Names that a text may contain: words of the site, and what the survey measures."""
