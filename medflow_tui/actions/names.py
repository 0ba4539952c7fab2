"""The names of all actions, `room.action`, by the module that carries them out; nothing heavy is imported for them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from medflow_tui.model.playbook import Playbook

MEDFLOW_QUEUE = (
    "medflow_queue.look",
    "medflow_queue.start_worker",
    "medflow_queue.watch",
    "medflow_queue.retry_failed",
    "medflow_queue.see",
    "medflow_queue.resync_one",
    "medflow_queue.resync_all",
)
REDIS_SESSIONS = ("redis_sessions.count", "redis_sessions.clear")
PAYMENT_CHECK = ("payment_check.look", "payment_check.close")
ISOLATION_CHECK = ("isolation_check.look", "isolation_check.close")
BACKUP_CHECK = ("backup_check.look", "backup_check.close")
SHARE_CHECK = ("share_check.look", "share_check.close")
CLINIC_CHECK = ("clinic_check.look", "clinic_check.close")
MEDFLOW_SECRETS = ("medflow_secrets.renew", "medflow_secrets.put_back", "medflow_secrets.old_refused")
RELEASES = (
    "releases.candidates",
    "releases.built",
    "releases.scripts",
    "releases.look",
    "releases.install",
    "releases.build",
    "releases.clean",
    "releases.script",
    "releases.script_back",
    "releases.switch",
    "releases.switch_back",
    "releases.in_service",
)
BACKUP_FIRST = ("backup_first.take", "backup_first.keep", "backup_first.look")
INCIDENT = ("incident.collect", "incident.read_back")
SITE_IDENTITY = ("site_identity.look", "site_identity.plant")
OF_NEIGHBOURS = (
    "service.collections",
    "service.same_collections",
    "service.backend_at_redis",
    "service.mongodb_reason",
    "service.mongodb_sound",
    "service.errors",
)
OF_A_SERVICE = (
    "service.capture",
    "service.restart",
    "service.restart_again",
    "service.stop",
    "service.start",
    "service.hold_acquire",
    "service.hold_probe",
    "service.hold_release",
    "service.ready_three_times",
    "service.steady",
)
OF_POWER_DATABASE = ("power_check.sound", "power_check.transactions")
OF_POWER = (
    "power_check.database",
    "power_check.backend",
    "power_check.redis",
    "power_check.queue",
    "power_check.shares",
    "power_check.backups",
    "power_check.clinics",
    "power_check.services",
)

ACTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "medflow_queue": MEDFLOW_QUEUE,
        "redis_sessions": REDIS_SESSIONS,
        "payment_check": PAYMENT_CHECK,
        "isolation_check": ISOLATION_CHECK,
        "backup_check": BACKUP_CHECK,
        "share_check": SHARE_CHECK,
        "clinic_check": CLINIC_CHECK,
        "service": OF_A_SERVICE + OF_NEIGHBOURS,
        "power_check": OF_POWER + OF_POWER_DATABASE,
        "medflow_secrets": MEDFLOW_SECRETS,
        "releases": RELEASES,
        "backup_first": BACKUP_FIRST,
        "incident": INCIDENT,
        "site_identity": SITE_IDENTITY,
        "backup_known": (),
    }
)
"""Rooms in the order in which they are joined: modules of `actions` that have `crew(site, tools, login)`, which builds a
Crew that is a context manager, and raises RefusedError when the site names nothing for it to act on."""

_BACKUPS = ("backup_first", "backup_known")
MEASURED_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"verified_backup": _BACKUPS, "backup_first": _BACKUPS}
)
"""By the kind of a guard the rooms that measure what it looks at; the last one is joined where a playbook names none."""


def rooms_of(playbook: Playbook) -> frozenset[str]:
    """The rooms that a playbook needs: those of its actions, and those that measure for its guards."""
    found = {each.partition(".")[0] for each in playbook.actions()}
    for guard in playbook.guards:
        rooms = MEASURED_BY.get(guard.kind, ())
        if rooms and not found & set(rooms):
            found.add(rooms[-1])
    return frozenset(found)
