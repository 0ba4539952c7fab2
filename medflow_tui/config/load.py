"""Finds the site file, merges it with its profile, and explains what is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from medflow_tui.config.locations import Candidate, profile_folder
from medflow_tui.config.place import Place
from medflow_tui.config.schema import build, convert, nearest, refuse_unknown, type_name
from medflow_tui.config.values import refuse_name, refuse_zone
from medflow_tui.model.access import Access, Person
from medflow_tui.model.audit import Keeping
from medflow_tui.model.errors import SettingsError
from medflow_tui.model.power import Power
from medflow_tui.model.releases import Deployment
from medflow_tui.model.site import ENVIRONMENTS, Contact, Site
from medflow_tui.model.target import Target
from medflow_tui.model.targets import KINDS
from medflow_tui.model.words import say

CONNECTION = ("address", "username", "password", "auth_source", "database")  # what `like` takes over
SECTIONS = ("profile", "site", "contacts", "keys", "target", "audit", "access", "releases", "power")
LANGUAGES = ("auto", "en", "fr")
LARGEST_FILE = 8_000_000
MOST_DEADLINE_S, MOST_INTERVAL_S, MOST_CONFIRM = 600.0, 7 * 86_400.0, 100


class NoSiteError(SettingsError):
    """There is no site file in any of the usual places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The site, and where each key of it was set ("site.toml" path, "profile medflow", "built in")."""

    site: Site
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def find(candidates: tuple[Candidate, ...]) -> Candidate:
    """The first candidate that exists; a named one must exist. Raises NoSiteError or SettingsError."""
    hidden = [each.path for each in candidates if _is_hidden(each.path)]
    for each in candidates:
        if each.path not in hidden and each.path.exists():
            return each
    if len(candidates) == 1 and hidden:
        return candidates[0]
    if len(candidates) == 1:
        raise SettingsError(
            say(
                "{file}: no such site file (named by {origin})",
                file=str(candidates[0].path),
                origin=candidates[0].origin,
            )
        )
    looked = say(
        "no site file yet: looked for {places}", places=", ".join(str(each.path) for each in candidates)
    )
    unread = (say("{file}: may not be read by this user", file=str(each)) for each in hidden)
    raise NoSiteError(looked.also(*unread))


def _is_hidden(path: Path) -> bool:
    """Whether this user may not even know that it is there."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return False


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises SettingsError with the line where it breaks."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise SettingsError(
                say("{file}: larger than {n:bytes}, so no site file", file=str(path), n=LARGEST_FILE)
            )
        return tomllib.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise SettingsError(
            say("{file}: not valid TOML: {why}", file=str(path), why="nested too deeply")
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            say("{file}: not UTF-8 text (byte {n:number}); save it as UTF-8", file=str(path), n=error.start)
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(say("{file}: not valid TOML: {why}", file=str(path), why=str(error))) from error
    except IsADirectoryError as error:
        raise SettingsError(say("{file}: is a folder, not a site file", file=str(path))) from error
    except PermissionError as error:
        raise SettingsError(say("{file}: may not be read by this user", file=str(path))) from error
    except OSError as error:
        raise SettingsError(
            say("{file}: cannot be read: {why}", file=str(path), why=error.strerror or "?")
        ) from error


def load(path: Path) -> Settings:
    """The settings of one site file merged over its profile. Raises SettingsError."""
    own = read_toml(path)
    place = Place(file=str(path))
    refuse_unknown(own, SECTIONS, place)
    name = own.get("profile", "medflow")
    profile = _profile(name, place)
    site_table = _table(own, "site", place)
    own_contacts = _table(own, "contacts", place)
    contacts = _merge(_table(profile, "contacts", place), own_contacts)
    tables, origins = _merge_targets(
        _table(profile, "target", place), _table(own, "target", place), name, str(path)
    )
    targets = tuple(
        each for each in (_target(key, table, place) for key, table in tables.items()) if each.enabled
    )
    site = build(
        Site,
        site_table,
        place.at("site"),
        profile=name,
        source=str(path),
        folder=str(path.resolve().parent),
        keys=_keys(_table(own, "keys", place), place.at("keys")),
        targets=targets,
        audit=build(Keeping, _table(own, "audit", place), place.at("audit")),
        releases=build(Deployment, _table(own, "releases", place), place.at("releases")),
        access=_access(_table(own, "access", place), place.at("access")),
        power=build(Power, _table(own, "power", place), place.at("power")),
        contacts=MappingProxyType({role: _contact(role, each, place) for role, each in contacts.items()}),
    )
    _check(site, place)
    origins |= {f"site.{key}": str(path) for key in site_table} | {
        f"keys.{name}": str(path) for name in site.keys
    }
    for whose, known in ((f"profile {name}", profile.get("contacts", {})), (str(path), own_contacts)):
        for role, contact in known.items():
            origins |= {f"contacts.{role}.{key}": whose for key in contact}
    origins |= {f"audit.{key}": str(path) for key in own.get("audit", {})}
    origins |= {f"releases.{key}": str(path) for key in own.get("releases", {})}
    origins |= {f"access.{key}": str(path) for key in own.get("access", {})}
    origins |= {f"power.{key}": str(path) for key in own.get("power", {})}
    return Settings(site=site, origins=MappingProxyType(origins))


def _access(table: Mapping[str, Any], place: Place) -> Access:
    people = {
        name: build(Person, _mapping(each, place.at(f"people.{name}")), place.at(f"people.{name}"), name=name)
        for name, each in _table(table, "people", place).items()
    }
    own = {key: value for key, value in table.items() if key != "people"}
    return build(Access, own, place, people=MappingProxyType(people))


def _contact(role: str, table: Any, place: Place) -> Contact:
    here = place.at(f"contacts.{role}")
    refuse_name(role, here)
    return build(Contact, _mapping(table, here), here, role=role)


def _profile(name: object, place: Place) -> dict[str, Any]:
    shipped = sorted(each.stem for each in profile_folder().glob("*.toml"))
    if not isinstance(name, str) or name not in shipped:
        raise SettingsError(
            say(
                "{file}: no profile {name}; shipped: {known}",
                file=place.file,
                name=str(name),
                known=", ".join(shipped),
            )
        )
    return read_toml(profile_folder() / f"{name}.toml")


def _keys(table: Mapping[str, Any], place: Place) -> Mapping[str, tuple[str, ...]]:
    """A list of keys for each command; one key alone may stand without brackets."""
    return MappingProxyType(
        {
            name: convert(tuple[str, ...], [value] if isinstance(value, str) else value, place.at(name))
            for name, value in table.items()
        }
    )


def _mapping(value: Any, place: Place) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingsError(say("{file}: {key} must be a table", file=place.file, key=place.key))
    return value


def _table(tables: Mapping[str, Any], key: str, place: Place) -> Mapping[str, Any]:
    return _mapping(tables.get(key, {}), place.at(key))


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _merge_targets(
    below: Mapping[str, Any], above: Mapping[str, Any], profile: str, path: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Tables of the targets in the profile's order, the site's own after them, with the origin of each key.

    A profile's target is a proposal: it is watched only when the site names it, be it by an empty table.
    """
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name in [*(each for each in below if each in above), *(each for each in above if each not in below)]:
        low, high = below.get(name, {}), above[name]
        place = Place(file=path, key=f"target.{name}")
        refuse_name(name, place)
        merged[name] = _merge(low, _mapping(high, place))
        for key in ("kind", "like"):
            if not isinstance(merged[name].get(key, ""), str):
                raise SettingsError(
                    say(
                        "{file}: {key} must be a {expected:word}, not a {found:word}",
                        file=path,
                        key=place.at(key).key,
                        expected="text",
                        found=type_name(merged[name][key]),
                    )
                )
        origins |= {f"target.{name}.{key}": f"profile {profile}" for key in low}
        origins |= {f"target.{name}.{key}": path for key in high}
    for name in merged:
        _take_over(name, merged, origins, path)
    return merged, origins


def _take_over(name: str, tables: dict[str, Any], origins: dict[str, str], path: str) -> None:
    """Give a target the connection of the one it is `like`, as far as it says nothing itself."""
    other = tables[name].pop("like", "")
    if not other:
        return
    if other not in tables:
        if "address" in tables[name]:
            return
        near = nearest(other, tables)
        text = say(
            "{file}: target.{name} is like {other}, which is not watched; give it an address",
            file=path,
            name=name,
            other=str(other),
        )
        raise SettingsError(text.also(*((say("did you mean {near}?", near=near),) if near else ())))
    model = tables[other]
    taken = {key: model[key] for key in CONNECTION if key in model and key not in tables[name]}
    known = (
        {each.name for each in fields(KINDS[tables[name].get("kind", "")])}
        if tables[name].get("kind") in KINDS
        else set()
    )
    tables[name] |= {key: value for key, value in taken.items() if key in known}
    origins |= {f"target.{name}.{key}": f"like target.{other}" for key in taken}


def _target(name: str, table: Mapping[str, Any], place: Place) -> Target:
    here = place.at(f"target.{name}")
    kind = table.get("kind")
    if kind is None:
        raise SettingsError(say("{file}: the key {key} is missing", file=place.file, key=here.at("kind").key))
    if kind not in KINDS:
        near = nearest(str(kind), KINDS)
        raise SettingsError(
            say(
                "{file}: {key}: no kind of target {kind}; the nearest is {near}",
                file=place.file,
                key=here.at("kind").key,
                kind=str(kind),
                near=near or ", ".join(KINDS),
            )
        )
    target = build(
        KINDS[str(kind)], {key: value for key, value in table.items() if key != "kind"}, here, name=name
    )
    if target.interval_s < 1 or target.deadline_s <= 0 or target.confirm < 1:
        raise SettingsError(
            say(
                "{file}: {key}: interval_s and confirm start at 1, deadline_s above 0",
                file=place.file,
                key=here.key,
            )
        )
    if (
        target.interval_s > MOST_INTERVAL_S
        or target.deadline_s > MOST_DEADLINE_S
        or target.confirm > MOST_CONFIRM
    ):
        raise SettingsError(
            say(
                "{file}: {key}: interval_s is a week at most, deadline_s 10 minutes, confirm 100",
                file=place.file,
                key=here.key,
            )
        )
    return target


def _check(site: Site, place: Place) -> None:
    if site.environment not in ENVIRONMENTS:
        raise SettingsError(
            say(
                "{file}: {key} is one of {known}, not {value}",
                file=place.file,
                key="site.environment",
                known=", ".join(ENVIRONMENTS),
                value=site.environment,
            )
        )
    if site.language not in LANGUAGES:
        raise SettingsError(
            say(
                "{file}: {key} is one of {known}, not {value}",
                file=place.file,
                key="site.language",
                known=", ".join(LANGUAGES),
                value=site.language,
            )
        )
    refuse_zone(site.timezone, place.at("site.timezone"))
    if not site.targets:
        raise SettingsError(
            say("{file}: no target is declared, so there is nothing to watch", file=place.file)
        )
