"""What may be said of a release: its own words, the Node it runs on, the data it understands, the scripts it brings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from medflow_tui.model.releases import Manifest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")
COMMIT = re.compile(r"[0-9a-f]{7,40}|[0-9a-f]{64}")
SCRIPT = re.compile(r"[a-z][a-z0-9_-]{0,39}")
NONE = "none"
MOST_SCRIPT = 100_000
UNSTATED = ("data-unstated", "data-unknown")
"""Faults that are no more than not knowing; what is not known stops as well, and is shown as such."""
COMPARATOR = re.compile(r"(>=|<=|>|<|=|\^|~)?v?(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?")
DANGEROUS = re.compile(
    r"deleteMany\s*\(\s*(\{\s*\})?\s*\)|dropDatabase|\.drop\s*\(|--fresh|npm run setup|FLUSHALL|FLUSHDB",
    re.IGNORECASE,
)
SEEDS = re.compile(r"(?i)(^|[^a-z])(setup|seeds?|fresh|reset)|seed[A-Z_-]")
Version = tuple[int, int, int]


def manifest_of(found: Any) -> Manifest | None:
    """The words of `release.json`, or None when they are none.

    >>> manifest_of({"version": "2", "commit": "abcdef0", "node": ">=20", "files": 3}).version
    '2'
    >>> manifest_of({"version": "../2", "commit": "abcdef0", "node": ">=20", "files": 3}) is None
    True
    """
    if not isinstance(found, dict):
        return None
    words = [found.get(each) for each in ("version", "commit", "node")]
    data, scripts, files = found.get("data", {}), found.get("scripts", {}), found.get("files")
    if not all(isinstance(each, str) for each in words) or not _is_count(files):
        return None
    version, commit, node = (str(each) for each in words)
    if not NAME.fullmatch(version) or not COMMIT.fullmatch(commit):
        return None
    if not isinstance(data, dict) or not isinstance(scripts, dict) or not _are_scripts(scripts):
        return None
    reads, writes = data.get("reads", []), data.get("writes", 0)
    if not isinstance(reads, list) or not all(_is_count(each) for each in [*reads, writes]):
        return None
    return Manifest(
        version=version,
        commit=commit,
        node=node,
        files=files or 0,
        reads=tuple(reads),
        writes=writes,
        scripts=dict(scripts),
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_scripts(scripts: Mapping[Any, Any]) -> bool:
    return all(
        isinstance(name, str)
        and SCRIPT.fullmatch(name)
        and name != NONE
        and isinstance(path, str)
        and is_inside(path)
        for name, path in scripts.items()
    )


def is_inside(path: str) -> bool:
    """Whether a path written in a file stays within the folder of that file, on every system.

    >>> [is_inside(each) for each in ("a/b.js", "/a", "a/../b", "a\\\\b", "")]
    [True, False, False, False, False]
    """
    return bool(path) and not any(
        (path.startswith("/"), "\\" in path, ":" in path, ".." in path.split("/"), "\0" in path)
    )


def sums_of(text: str) -> dict[str, str] | None:
    """Path and SHA-256 of each line of SHA256SUMS; None for a line that is none, or that is cut off.

    >>> sums_of("0" * 64 + "  a/b.js\\n")
    {'a/b.js': '0000000000000000000000000000000000000000000000000000000000000000'}
    >>> sums_of("0" * 64 + "  a/b.js") is None
    True
    """
    if not text.endswith("\n"):
        return None
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = SUM.fullmatch(line)
        path = match[2].removeprefix("./") if match else ""
        if match is None or not is_inside(path) or path in found:
            return None
        found[path] = match[1]
    return found


def is_sealed_with(built: str, paths: Iterable[str]) -> bool:
    """Whether what a build makes anew (`built`, and what lies beside it) is among the files of a version.

    >>> is_sealed_with("frontend/dist/index.html", ["frontend/dist/assets/app.js"])
    True
    >>> is_sealed_with("index.html", ["server.js"])
    False
    """
    beside = built.rpartition("/")[0]
    return any(each == built or (beside and each.startswith(f"{beside}/")) for each in paths)


def fits(wanted: str, version: str) -> bool | None:
    """Whether a version of Node is in a range as npm writes it; None for a range that cannot be read.

    >>> [fits(">=20.19 <21 || >=22.12", each) for each in ("20.11.0", "v20.19.2", "22.3.0", "22.12.0")]
    [False, True, False, True]
    >>> [fits(each, "20.20.2") for each in ("^20.19.0", "~20.20", "20.x", "20", "18", "latest", "")]
    [True, True, True, True, False, None, None]
    """
    own = COMPARATOR.fullmatch(version.strip())
    if own is None or own[1] or not wanted.strip():
        return None
    number = _number(own)
    answers = [_all(each.split(), number) for each in re.sub(r"([<>=^~])\s+", r"\1", wanted).split("||")]
    return None if None in answers else any(answers)


def _all(words: Sequence[str], number: Version) -> bool | None:
    answers = [_one(each, number) for each in words]
    return None if not answers or None in answers else all(answers)


def _one(word: str, number: Version) -> bool | None:
    found = COMPARATOR.fullmatch(word)
    if found is None:
        return None
    least = _number(found)
    given = sum(part is not None and part.isdecimal() for part in found.groups()[1:])
    match found[1]:
        case ">=":
            return number >= least
        case ">":
            return number > least if given == 3 else number >= _next(least, given)
        case "<":
            return number < least
        case "<=":
            return number < _next(least, given)
        case "^":
            return least <= number < _next(least, 1 if least[0] else 2)
        case "~":
            return least <= number < _next(least, min(given, 2))
        case _:
            return least <= number < _next(least, given)


def _number(found: re.Match[str]) -> Version:
    major, minor, patch = (int(part) if part and part.isdecimal() else 0 for part in found.groups()[1:])
    return major, minor, patch


def _next(number: Version, given: int) -> Version:
    """The first version that is no longer meant when `given` parts were written."""
    major, minor, patch = number
    return {1: (major + 1, 0, 0), 2: (major, minor + 1, 0)}.get(given, (major, minor, patch + 1))


def data_fault(manifest: Manifest, data: int | None) -> str:
    """Why a version may not run on data of a format; nothing when it may. Not stated is not allowed.

    >>> data_fault(Manifest(version="1", commit="abcdef0", node="20", files=1, reads=(3,), writes=3), 4)
    'data-newer'
    """
    if not manifest.reads or not manifest.writes:
        return "data-unstated"
    if data is None:
        return "data-unknown"
    return "" if data in manifest.reads else "data-newer"


def script_fault(path: str, content: str) -> str:
    """Why a script may not be run here; nothing when it may. What empties collections has another name for it: a restore.

    >>> script_fault("backend/scripts/addIndex.js", "db.createIndex()"), script_fault("backend/scripts/seedUsers.js", "")
    ('', 'script-seeds')
    >>> script_fault("backend/scripts/fix.js", "User.deleteMany( {} )")
    'script-destroys'
    """
    if SEEDS.search(path.rpartition("/")[2]):
        return "script-seeds"
    if len(content) > MOST_SCRIPT:
        return "script-long"
    return "script-destroys" if DANGEROUS.search(content) else ""


def lacking(lock: Any, versions: Mapping[str, str], *, without_dev: bool) -> tuple[str, ...] | None:
    """The packages of a lock file that are not there in its version; None when the lock file cannot be understood.

    >>> lock = {"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1.0.0"}}}
    >>> lacking(lock, {"node_modules/a": "1.0.1"}, without_dev=False)
    ('node_modules/a',)
    """
    packages = lock.get("packages") if isinstance(lock, dict) else None
    if not isinstance(packages, dict):
        return None
    return tuple(
        path
        for path, each in packages.items()
        if path
        and "node_modules/" in path
        and not (each.get("optional") or each.get("devOptional") or each.get("peer"))
        and not (without_dev and each.get("dev"))
        and (path not in versions or ("version" in each and versions[path] != each["version"]))
    )


def strangers(files: Iterable[str], known: Iterable[str], own: Sequence[str]) -> int:
    """How many files are neither the release's nor made by installing it nor the site's own (`own`, with what is below).

    >>> strangers(["a.js", "uploads/x.png", "note.txt", "node_modules/a/b.js"], ["a.js"], ["uploads"])
    1
    """
    listed = set(known)
    return sum(
        each not in listed
        and "node_modules" not in each.split("/")
        and not any(each == one or each.startswith(f"{one}/") for one in own)
        for each in files
    )
