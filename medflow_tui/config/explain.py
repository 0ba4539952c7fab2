"""What `medflow-tui config` prints: paths, the merged site, and who set what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from medflow_tui.config.load import Settings
from medflow_tui.config.locations import Candidate, profile_folder, system_folder
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say

BUILT_IN = "built in"


def path_lines(candidates: Sequence[Candidate], state: Path) -> tuple[Phrase, ...]:
    """Every place, and whether something is there."""
    files = tuple(
        say("site file ({origin:word}): {path}", origin=each.origin, path=str(each.path)).also(
            _whether(each.path)
        )
        for each in candidates
    )
    return (
        *files,
        say("profiles: {path}", path=str(profile_folder())),
        say("system folder: {path}", path=str(system_folder())),
        say("state folder: {path}", path=str(state)).also(_whether(state)),
    )


def _whether(path: Path) -> Phrase:
    return SILENCE if path.exists() else say("nothing there yet")


def settings_lines(settings: Settings, *, origins: bool) -> list[str]:
    """`key = value` for every key of the site and of each target, with its origin when asked.

    A secret is never in a site file, only its reference, so that all of it may be shown.
    """
    site = settings.site
    lines = []
    for name in _names(
        Site, ("targets", "contacts", "folder", "source", "keys", "audit", "access", "releases", "power")
    ):
        lines.append(_line(f"site.{name}", getattr(site, name), settings, origins))
    for command, keys in site.keys.items():
        lines.append(_line(f"keys.{command}", keys, settings, origins))
    for role, contact in site.contacts.items():
        for name in _names(type(contact), ("role",)):
            lines.append(_line(f"contacts.{role}.{name}", getattr(contact, name), settings, origins))
    for name in _names(type(site.audit), ()):
        lines.append(_line(f"audit.{name}", getattr(site.audit, name), settings, origins))
    for name in _names(type(site.releases), ()):
        lines.append(_line(f"releases.{name}", getattr(site.releases, name), settings, origins))
    lines.append(_line("power.nut", site.power.nut, settings, origins))
    lines.append(_line("access.notices", site.access.notices, settings, origins))
    for person in site.access.people.values():
        for name in _names(type(person), ("name",)):
            key = f"access.people.{person.name}.{name}"
            lines.append(_line(key, getattr(person, name), settings, origins))
    for target in site.targets:
        lines.append(_line(f"target.{target.name}.kind", target.kind, settings, origins))
        for name in _names(type(target), ("name",)):
            lines.append(_line(f"target.{target.name}.{name}", getattr(target, name), settings, origins))
    return lines


def _names(cls: type, without: Sequence[str]) -> list[str]:
    return [each.name for each in fields(cls) if each.name not in without]


def _line(key: str, value: object, settings: Settings, origins: bool) -> str:
    text = f"{key} = {value!r}" if not isinstance(value, str) else f'{key} = "{value}"'
    return f"{text}    [{settings.origins.get(key, BUILT_IN)}]" if origins else text
