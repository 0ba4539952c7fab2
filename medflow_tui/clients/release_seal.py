"""Seals a folder as a version: `release.json` and `SHA256SUMS`, each durable and whole, the list last."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from medflow_tui.clients.network import Deadline
from medflow_tui.clients.releases import (
    LOCK,
    MANIFEST,
    MOST_FILES,
    READY,
    SUMS,
    differing,
    digest_of,
    files_in,
    git_fault,
    git_head,
    glance,
    read_json,
    read_sums,
)
from medflow_tui.journal.small_file import replace_durably
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.releases import Manifest
from medflow_tui.model.words import say
from medflow_tui.rules.release_guards import fault_said
from medflow_tui.rules.release_sealing import LOOKED_AT, is_secret, lines_of, lockless, words_of
from medflow_tui.rules.releases import NAME, NONE, fits, manifest_of, script_fault

GIT_S, PACKAGE = 60.0, "package.json"
NO_NODE = "v0.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the one who seals says of the version; empty: as its folder tells."""

    commit: str = ""
    node: str = ""
    reads: tuple[int, ...] = ()
    writes: int = 0
    scripts: Mapping[str, str] = field(default_factory=dict)


def seal(folder: Path, words: Words, *, again: bool = False) -> Manifest:
    """Write both files. Raises RefusedError with the reason (nothing is written then) and OSError."""
    release = folder.resolve()
    if not release.is_dir() or not NAME.fullmatch(release.name):
        raise RefusedError(say("{folder} is no folder that is named like a version", folder=str(folder)))
    if (release / READY).exists():
        raise RefusedError(say("{folder} was installed here: seal a fresh copy", folder=str(folder)))
    if (release / SUMS).exists() and not again:
        raise RefusedError(
            say(
                "{folder} is sealed already: verify it, or seal what is there now with --again",
                folder=str(folder),
            )
        )
    files = tuple(_files(release))
    _refuse_unlocked(release, files)
    manifest = _manifest(release, words, files)
    sums = {each: digest_of(release / each) for each in files}
    if not all(sums.values()):
        raise RefusedError(say("{path} cannot be read", path=next(each for each in files if not sums[each])))
    told = json.dumps(words_of(manifest), indent=2, ensure_ascii=False) + "\n"
    text = lines_of({**sums, MANIFEST: hashlib.sha256(told.encode()).hexdigest()})
    if text is None:
        raise RefusedError(say("the name of a file is not one that every system can have"))
    (release / SUMS).unlink(missing_ok=True)
    replace_shared(release / MANIFEST, told)
    replace_shared(release / SUMS, text)
    fault = glance(release).fault or _changed(release)
    if fault:
        (release / SUMS).unlink(missing_ok=True)
        raise RefusedError(say("it changed while it was sealed:").also(fault_said(fault)))
    return manifest


def replace_shared(path: Path, text: str) -> None:
    """A file that others may read, too; the old one or the new one after a power cut. Raises OSError."""
    replace_durably(path, text, aside=path.with_name(f".{path.name}.fresh"), mode=0o666)


def unlisted(release: Path) -> tuple[str, ...]:
    """Files in a version that its list does not name, without what is installed. Raises OSError, OverflowError."""
    known = {*(read_sums(release) or {}), SUMS, READY}
    return tuple(sorted(each for each in files_in(release) if each not in known))


def _changed(release: Path) -> str:
    return "files-differ" if next(differing(release, Deadline.after(3600.0)), "") else ""


def _files(release: Path) -> Iterator[str]:
    """Every file that belongs to it. Raises RefusedError for what does not, OSError for what cannot be read."""
    count = 0
    for place, folders, names in os.walk(release, onerror=_raise):
        folders[:] = sorted(each for each in folders if each not in ("node_modules", ".git"))
        here = Path(place)
        for name in sorted((*names, *(each for each in folders if (here / each).is_symlink()))):
            path = (here / name).relative_to(release).as_posix()
            if path in (SUMS, MANIFEST) or (name == ".git" and (here / name).is_file()):
                continue
            _refuse_foreign(release, here / name, path)
            count += 1
            if count > MOST_FILES:
                raise RefusedError(say("more than {n:number} files: that is no version", n=MOST_FILES))
            yield path


def _refuse_foreign(release: Path, file: Path, path: str) -> None:
    if file.is_symlink():
        there = file.resolve()
        if not there.is_relative_to(release) or not there.is_file():
            raise RefusedError(say("{path} is a link that leads out of the version, or nowhere", path=path))
    if not stat.S_ISREG(file.stat().st_mode):
        raise RefusedError(say("{path} is no plain file", path=path))
    with file.open("rb") as source:
        head = source.read(LOOKED_AT)
    if is_secret(path, head):
        raise RefusedError(
            say("{path} holds secrets: they belong to a site (shared, kept), never to a version", path=path)
        )


def _refuse_unlocked(release: Path, files: tuple[str, ...]) -> None:
    """Without lock files each machine would get other packages."""
    told = {_folder(each): read_json(release / each) for each in files if _name(each) == PACKAGE}
    broken = next((folder for folder, each in told.items() if not isinstance(each, dict)), None)
    if broken is not None:
        raise RefusedError(say("{path} cannot be understood", path=f"{broken}/{PACKAGE}".lstrip("/")))
    locks = tuple(_folder(each) for each in files if _name(each) == LOCK)
    missing = lockless(told, locks)
    if missing or not locks:
        where = ", ".join(each or "." for each in missing) or "."
        raise RefusedError(say("no package-lock.json for: {folders}", folders=where))


def _manifest(release: Path, words: Words, files: tuple[str, ...]) -> Manifest:
    deadline = Deadline.after(GIT_S)
    made = Manifest(
        version=release.name,
        commit=words.commit or git_head(release, deadline),
        node=words.node or _engine(release, files),
        files=len(files) + 1,
        reads=tuple(sorted(set(words.reads))),
        writes=words.writes,
        scripts=dict(words.scripts),
    )
    if fits(made.node, NO_NODE) is None:
        raise RefusedError(say("which Node it runs on is not known: say it with --node, such as >=20.19"))
    if bool(made.reads) != bool(made.writes) or (made.reads and made.writes not in made.reads):
        raise RefusedError(say("--reads and --writes belong together, and it reads what it writes"))
    if manifest_of(words_of(made)) is None:
        raise RefusedError(say("its commit is not known: say it with --commit, 7 to 40 letters of it"))
    fault = git_fault(release, made, deadline)
    if fault:
        raise RefusedError(fault_said(fault))
    for name, path in made.scripts.items():
        wrong = _script_fault(release, path, files) if name != NONE else "files-missing"
        if wrong:
            raise RefusedError(say("the script {name}:", name=name).also(fault_said(wrong)))
    return made


def _script_fault(release: Path, path: str, files: tuple[str, ...]) -> str:
    if path not in files:
        return "files-missing"
    return script_fault(path, (release / path).read_text(encoding="utf-8", errors="replace"))


def _engine(release: Path, files: tuple[str, ...]) -> str:
    """The range of Node of the package.json highest up that names one."""
    for each in sorted((each for each in files if _name(each) == PACKAGE), key=lambda path: path.count("/")):
        told = read_json(release / each)
        engines = told.get("engines") if isinstance(told, dict) else None
        if isinstance(engines, dict) and isinstance(engines.get("node"), str):
            return str(engines["node"])
    return ""


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _raise(error: OSError) -> None:
    raise error
