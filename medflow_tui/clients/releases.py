"""Folders of versions: what is in them, whether they are whole, and what works in them. Reads only."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from medflow_tui.clients.command import run
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.model.releases import Manifest, Release
from medflow_tui.rules.releases import NAME, manifest_of, sums_of

MANIFEST, SUMS, READY = "release.json", "SHA256SUMS", ".medflow-ready.json"
LOCK, PIECE, MOST_FILES = "package-lock.json", 1024 * 1024, 200_000
MOST_JSON = 64 * 1024 * 1024
LOADS = """
const {createRequire} = require("module"), fs = require("fs"), path = require("path");
const own = path.join(process.argv[1], "package.json"), load = createRequire(own), failed = [];
const names = Object.keys(JSON.parse(fs.readFileSync(own, "utf8")).dependencies || {});
for (const name of names) { try { load(name); } catch (error) { failed.push(name + " " + (error.code || error.name)); } }
console.log(JSON.stringify({wanted: names.length, failed}));
process.exit(0);
"""


def releases_in(folder: Path) -> tuple[Release, ...]:
    """Every version in a folder, newest name last. Raises OSError when the folder cannot be read."""
    names = sorted(each.name for each in folder.iterdir() if NAME.fullmatch(each.name))
    return tuple(
        glance(folder / name)
        for name in names
        if (folder / name).is_dir() and not (folder / name).is_symlink()
    )


def glance(release: Path, name: str = "") -> Release:
    """A quick look: what it says of itself, and whether all of its files are there. No content is read."""
    name = name or release.name
    if not release.is_dir():
        return Release(name=name, fault="gone")
    manifest = manifest_of(read_json(release / MANIFEST))
    if manifest is None:
        return Release(name=name, fault="no-manifest")
    if manifest.version != name:
        return Release(name=name, manifest=manifest, fault="other-version")
    sums = read_sums(release)
    if sums is None or MANIFEST not in sums:
        return Release(name=name, manifest=manifest, fault="no-sums")
    if len(sums) != manifest.files:
        return Release(name=name, manifest=manifest, fault="sums-cut")
    if not all((release / each).is_file() for each in sums):
        return Release(name=name, manifest=manifest, fault="files-missing")
    return Release(name=name, manifest=manifest, is_ready=_is_ready(release))


def _is_ready(release: Path) -> bool:
    """What a run wrote down at the end of its preparing still belongs to this very content."""
    found = read_json(release / READY)
    return isinstance(found, dict) and found.get("sums") == digest_of(release / SUMS)


def read_json(path: Path) -> Any:
    """What a JSON file holds, or None when it cannot be read."""
    try:
        if path.stat().st_size > MOST_JSON:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def read_sums(release: Path) -> dict[str, str] | None:
    """The lines of SHA256SUMS, or None when they cannot be read to the end."""
    try:
        return sums_of((release / SUMS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def digest_of(path: Path) -> str:
    """SHA-256 of a file; empty when it cannot be read."""
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                found.update(piece)
    except OSError:
        return ""
    return found.hexdigest()


def differing(release: Path, deadline: Deadline) -> Iterator[str]:
    """Files whose content is not that of SHA256SUMS. Raises TimeoutError."""
    for path, digest in (read_sums(release) or {}).items():
        if deadline.passed():
            raise TimeoutError
        if digest_of(release / path) != digest:
            yield path


def git_fault(release: Path, manifest: Manifest, deadline: Deadline) -> str:
    """What is wrong with a release that is a git checkout; nothing for one that is none. Raises UnreachableError."""
    if not (release / ".git").exists():
        return ""
    git = ("git", "-c", "core.fsmonitor=", "-C", str(release))
    head = run((*git, "rev-parse", "HEAD"), deadline)
    if head.code or not head.text.strip().startswith(manifest.commit):
        return "other-commit"
    state = run((*git, "status", "--porcelain", "--untracked-files=no"), deadline)
    return "not-clean" if state.code or state.text.strip() else ""


def git_head(release: Path, deadline: Deadline) -> str:
    """The commit of a git checkout; empty for one that is none. Raises UnreachableError."""
    if not (release / ".git").exists():
        return ""
    found = run(("git", "-C", str(release), "rev-parse", "HEAD"), deadline)
    return "" if found.code else found.text.strip()


def node_version(deadline: Deadline) -> str:
    """The Node of this machine; empty when there is none."""
    try:
        found = run(("node", "--version"), deadline)
    except UnreachableError:
        return ""
    return found.text.strip() if found.code == 0 else ""


def loads(folder: Path, deadline: Deadline) -> tuple[int, tuple[str, ...]] | None:
    """How many dependencies of a package are wanted, and which of them this Node cannot load. None: no answer."""
    try:
        found = run(("node", "-e", LOADS, str(folder)), deadline)
        told = json.loads(found.text.strip().splitlines()[-1])
        return int(told["wanted"]), tuple(str(each)[:80] for each in told["failed"])
    except (UnreachableError, ValueError, LookupError, TypeError):
        return None


def versions_in(folder: Path, packages: Iterator[str]) -> dict[str, str]:
    """The versions of installed packages, by their place in the lock file."""
    found = {}
    for path in packages:
        told = read_json(folder / path / "package.json")
        if isinstance(told, dict):
            found[path] = str(told.get("version", ""))
    return found


def files_in(folder: Path) -> list[str]:
    """Every file below, without what is installed. Raises OSError; OverflowError when there are too many."""
    found: list[str] = []
    for place, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [each for each in folders if each not in ("node_modules", ".git")]
        links = [each for each in folders if (Path(place) / each).is_symlink()]
        found += [(Path(place) / each).relative_to(folder).as_posix() for each in (*files, *links)]
        if len(found) > MOST_FILES:
            raise OverflowError
    return found


def _raise(error: OSError) -> None:
    raise error


def at_work_in(folder: Path) -> tuple[int, ...]:
    """Processes of others that work in a folder: their command names it, or they stand in it. npm hides its words."""
    words, found = str(folder), []
    for process in psutil.process_iter(["pid", "cmdline"]):
        if process.info["pid"] == os.getpid():
            continue
        line = " ".join(process.info["cmdline"] or [])
        place = ""
        with suppress(psutil.Error, OSError):
            place = process.cwd()
        if words in line or place == words or place.startswith(words + os.sep):
            found.append(process.info["pid"])
    return tuple(found)
