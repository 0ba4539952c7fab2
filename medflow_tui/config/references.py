"""Names in a site file that stand for something else of it: whether there is that something, and which is the nearest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from medflow_tui.config.load import Settings
from medflow_tui.config.schema import nearest
from medflow_tui.model.playbook import Playbook
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.targets.backups import BackupsTarget
from medflow_tui.model.targets.clinics import ClinicsTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.services import service_name

TARGETS: Mapping[tuple[str, str], str] = {
    ("http", "redis"): "redis",
    ("http", "mongodb"): "mongodb",
    ("clinics", "uplink"): "uplink",
    ("host", "time_source"): "http",
}
"""Keys of a kind of target that name another target, and of which kind it must be."""
ANYBODY = "assistance"


@dataclass(frozen=True, slots=True)
class _Name:
    """`key` says where the name stands, `known` what it may be."""

    key: str
    name: str
    known: Collection[str]


def complaints(settings: Settings, playbooks: Collection[Playbook]) -> tuple[Phrase, ...]:
    """A sentence for each name that is nothing's; only for what the site file itself says."""
    site = settings.site
    named = (
        *(each for target in site.targets for each in _of_target(target, settings)),
        *_of_releases(site, settings),
        *_of_people(site, playbooks),
        *_of_contacts(site, settings, playbooks),
    )
    return tuple(_complaint(site.source, each) for each in named if each.name not in each.known)


def _of_target(target: Target, settings: Settings) -> Iterator[_Name]:
    site, place = settings.site, f"target.{target.name}"
    for (kind, key), wanted in TARGETS.items():
        name = getattr(target, key, "") if target.kind == kind else ""
        if name and _is_own(f"{place}.{key}", settings):
            yield _Name(f"{place}.{key}", name, [each.name for each in site.targets if each.kind == wanted])
    contact = getattr(target, "contact", "")
    if contact and _is_own(f"{place}.contact", settings):
        yield _Name(f"{place}.contact", contact, site.contacts)
    if isinstance(target, ClinicsTarget) and target.own:
        ids = [each.id for each in target.clinic]
        if nearest(target.own, ids):  # the registry has clinics of which the site file says nothing
            yield _Name(f"{place}.own", target.own, ids)


def _of_releases(site: Site, settings: Settings) -> Iterator[_Name]:
    releases = site.releases
    if releases.folder or _is_own("releases.service", settings):
        services = [service_name(each.name) for each in site.targets if each.kind == "process"]
        yield _Name("releases.service", releases.service, services)
    if releases.backup_set:
        sets = [
            f"{target.name}/{each.name}"
            for target in site.targets
            if isinstance(target, BackupsTarget)
            for each in target.set
        ]
        yield _Name("releases.backup_set", releases.backup_set, sets)


def _of_people(site: Site, playbooks: Collection[Playbook]) -> Iterator[_Name]:
    roles = {
        role
        for each in playbooks
        for role in (
            *(*each.roles, *each.approval.roles, *each.override.roles),
            *(one for step in each.steps for one in step.roles),
        )
    }
    for person in site.access.people.values():
        for role in person.roles:
            yield _Name(f"access.people.{person.name}.roles", role, roles)


def _of_contacts(site: Site, settings: Settings, playbooks: Collection[Playbook]) -> Iterator[_Name]:
    """Roles by which somebody is called: for a target, for a playbook, or by the profile."""
    own = {role for role in site.contacts if _says_all(f"contacts.{role}.", settings)}
    called = {ANYBODY, *(getattr(each, "contact", ANYBODY) for each in site.targets)}
    called |= {role for each in playbooks for role in (each.owner, each.limits.escalate_to) if role}
    yield from (_Name(f"contacts.{role}", role, called | ({*site.contacts} - own)) for role in own)


def _says_all(start: str, settings: Settings) -> bool:
    """Whether the site file alone speaks of what begins so."""
    return {whose for key, whose in settings.origins.items() if key.startswith(start)} == {
        settings.site.source
    }


def _is_own(key: str, settings: Settings) -> bool:
    return settings.origins.get(key) == settings.site.source


def _complaint(file: str, found: _Name) -> Phrase:
    near = nearest(found.name, found.known)
    if near:
        return say(
            "{file}: {key}: nothing here is called {name}; did you mean {near}?",
            file=file,
            key=found.key,
            name=found.name,
            near=near,
        )
    return say(
        "{file}: {key}: nothing here is called {name}; there is: {known}",
        file=file,
        key=found.key,
        name=found.name,
        known=", ".join(sorted(found.known)) or "–",
    )
