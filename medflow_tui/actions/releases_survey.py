"""What is measured of the versions before anything is changed: which are there, and what each may be used for."""

from __future__ import annotations

import shutil
from pathlib import Path

from medflow_tui.actions.releases_yard import Yard
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.release_switch import data_format
from medflow_tui.clients.releases import (
    MANIFEST,
    READY,
    SUMS,
    files_in,
    glance,
    node_version,
    read_sums,
    releases_in,
)
from medflow_tui.model.canonical import Fact
from medflow_tui.model.performer import Survey
from medflow_tui.model.releases import Manifest, Release
from medflow_tui.rules.releases import data_fault, fits, script_fault, strangers

NODE_S = 10.0
FITS = {True: "yes", False: "no", None: "unknown"}


def all_releases(yard: Yard) -> tuple[Release, ...]:
    """Every version that is there, the one in the place among them. Raises OSError."""
    found = {each.name: each for each in releases_in(yard.folder)}
    now = yard.place.version()
    if now:
        found[now] = glance(yard.place.release(now), now)
    return tuple(found[name] for name in sorted(found))


def survey(yard: Yard) -> Survey:
    """Facts by version, for guards; reads only."""
    targets = {"releases": yard.deployment.folder, "current": yard.deployment.current}
    try:
        stat = yard.folder.stat()
        releases, now = all_releases(yard), yard.place.version()
        free = shutil.disk_usage(yard.folder).free
    except OSError:
        return Survey(targets=targets)
    node, data = node_version(Deadline.after(NODE_S)), present_data(yard, releases)
    facts: dict[str, Fact] = {"version_now": now, "release.node": node, "release.free": free}
    if data is not None:
        facts["release.data"] = data
    current = next((each.manifest for each in releases if each.name == now), None)
    for each in releases:
        told = _told(yard, each, current if now else each.manifest, node, data)
        facts |= {f"release.{each.name}.{name}": value for name, value in told.items()}
    strays = _strays(yard, now)
    if strays is not None:
        facts["release.strays"] = strays
    return Survey(facts=facts, targets=targets, identity=f"releases {stat.st_dev:x}-{stat.st_ino:x}")


def present_data(yard: Yard, releases: tuple[Release, ...]) -> int | None:
    """The newest format in which data may be: as written down, or as the version in service writes it."""
    now = yard.place.version()
    current = next((each.manifest for each in releases if each.name == now), None)
    known = [each for each in (data_format(yard.deployment), current.writes if current else None) if each]
    return max(known) if known else None


def _told(
    yard: Yard, release: Release, current: Manifest | None, node: str, data: int | None
) -> dict[str, Fact]:
    found: dict[str, Fact] = {"fault": release.fault, "ready": release.is_ready}
    manifest = release.manifest
    if manifest is None or release.fault:
        return found
    scripts = {name: _script_fault(yard, release.name, path) for name, path in manifest.scripts.items()}
    newest = max(data or 0, manifest.writes)
    return {
        **found,
        "node": manifest.node,
        "node_fits": FITS[fits(manifest.node, node)],
        "data": data_fault(manifest, data),
        "back": (data_fault(current, newest) or data_fault(current, manifest.writes))
        if current
        else "data-unstated",
        "scripts": tuple(name for name, code in scripts.items() if not code),
        "refused": tuple(f"{name} {code}" for name, code in scripts.items() if code),
    }


def _script_fault(yard: Yard, version: str, path: str) -> str:
    sums = read_sums(yard.place.release(version)) or {}
    if path not in sums:
        return "files-missing"
    try:
        text = (yard.place.release(version) / path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "files-missing"
    return script_fault(path, text)


def _strays(yard: Yard, version: str) -> int | None:
    """Files of the site in the folder of the version in service; None when its own list cannot be read."""
    release = yard.place.release(version)
    sums = read_sums(release) if version else None
    if sums is None:
        return None
    built = Path(yard.deployment.built).parent.as_posix() if yard.deployment.built else ""
    own = [each for each in (*yard.deployment.kept, built if built != "." else "") if each]
    try:
        return strangers(files_in(release), (*sums, SUMS, MANIFEST, READY), own)
    except (OSError, OverflowError):
        return None
