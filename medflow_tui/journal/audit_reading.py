"""Reads an audit to look at it: the whole of it, compared with every anchor there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from medflow_tui.journal.auditing import checkpoints, copies, segments
from medflow_tui.journal.auditing.anchors import FILE, name_in_folder, read_anchors
from medflow_tui.journal.auditing.segments import UnreadableError
from medflow_tui.journal.auditing.signing import key_of, signers_of
from medflow_tui.model.audit import Anchor
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.site import Hours, Site
from medflow_tui.model.words import SILENCE, say
from medflow_tui.rules.auditing.chain import (
    Followed,
    Segment,
    compare,
    follow,
    located,
    part_of_line,
    record_of_line,
)
from medflow_tui.rules.auditing.checkpoint import Signatures, Signed, judge
from medflow_tui.rules.auditing.review import review
from medflow_tui.rules.auditing.standing import Standing, unanchored
from medflow_tui.rules.auditing.words import COUNT, anchor_of_words, unknown_words

UTC_ZONE = "UTC"
FEW = 20  # copies of checkpoints elsewhere that are read over a line at a glance, or asked whether they are signed


def stand(
    path: Path,
    site: Site | None,
    given: Sequence[Anchor] = (),
    *,
    copied: Path | None = None,
    signers: Path | None = None,
    newest: int = 0,
) -> Standing:
    """The audit at a path. Without anchors given, those beside it and those of the site file are compared.

    So are its checkpoints and their copies elsewhere: those at the place `copied`, else at the places of the site file.
    Signatures are checked by the `signers` given, else those of the site file; of `newest` checkpoints only (0: of all).
    Raises UnreadableError when there is none, or it cannot be read.
    """
    files = segments.read(path)
    if not files:
        raise UnreadableError(say("there is no audit yet: {path}", path=str(path)))
    chain = follow(files)
    anchors, is_elsewhere = (tuple(given), True) if given else _known(path, site, chain)
    hours: Hours | None = site.hours if site is not None else None
    zone = ZoneInfo(site.timezone if site is not None else UTC_ZONE)
    records = _all(files)
    at, why = chain.broken_at, chain.why
    if at < 0:
        at, why = _against(chain, anchors)
    return Standing(
        records=records,
        end=chain.end,
        files=len(files),
        broken_at=at,
        where=chain.where,
        why=why,
        torn_bytes=chain.torn_bytes,
        anchors=tuple(located(chain, each) for each in anchors) if at < 0 else tuple(anchors),
        is_elsewhere=is_elsewhere,
        review=review(records, hours, zone),
        signatures=_signatures(
            path, site, chain, signers or signers_of(site), newest, _copies(path, site, chain, copied)
        ),
        unanchored=0 if given else unanchored(records, anchors),
    )


def _signatures(
    path: Path,
    site: Site | None,
    chain: Followed,
    signers: Path | None,
    newest: int,
    copied: Sequence[Path],
) -> Signatures:
    code = _code(site, chain)
    there = [checkpoints.check(each, code, signers) for each in _to_ask(copied, chain, newest)]
    texts = checkpoints.found(path.parent)[-newest:]
    checked = [checkpoints.check(each, code, signers) for each in texts]
    if texts and None in checked:  # one was replaced meanwhile
        checked = [
            checkpoints.check(each, code, signers) for each in checkpoints.found(path.parent)[-newest:]
        ]
    checked = [*there, *checked]
    found = judge(
        chain,
        [each for each in checked if each is not None],
        site=code,
        is_wanted=key_of(site) is not None,
        trouble=checkpoints.trouble(path.parent),
    )
    several = {each.checkpoint for each in checked if each is not None}
    found = replace(found, n=len(several), unsent=copies.unsent(path.parent))
    for each in (
        checkpoints.found(path.parent)[:-newest] if newest else ()
    ):  # what they say, whoever signed it
        older = checkpoints.read(each)
        why = compare(chain, older.anchor) if older is not None and chain.broken_at < 0 else SILENCE
        if why:
            said = say("{name}: signed, and the audit does not fit", name=each.name).also(why)
            return replace(found, signed=Signed.WRONG, why=said)
    return found


def _to_ask(copied: Sequence[Path], chain: Followed, newest: int) -> list[Path]:
    """The newest copies, and of those before, of which there may be thousands, each that does not fit; at a glance few."""
    looked_at = copied[-FEW:] if newest else copied
    begins = len(looked_at) - (newest or FEW)
    return [each for n, each in enumerate(looked_at) if n >= begins or not _fits(each, chain)]


def _fits(text: Path, chain: Followed) -> bool:
    found = checkpoints.read(text)
    return found is not None and (chain.broken_at >= 0 or not compare(chain, found.anchor))


def _code(site: Site | None, chain: Followed) -> str:
    """Of the site file; without one, what the records say."""
    return site.code if site is not None else str(next(iter(chain.records), {}).get("site", ""))


def anchors_of(words: str, site: str = "") -> tuple[Anchor, ...]:
    """What a person gave to compare with: a file of anchors or a folder of them and of copied checkpoints, one
    checkpoint, `COUNT:HEAD`, or eight words. Raises RefusedError."""
    count, colon, head = words.strip().partition(":")
    if (
        colon
        and count.isdecimal()
        and 16 <= len(head) <= 64
        and not set(head.lower()) - set("0123456789abcdef")
    ):
        return (Anchor(count=int(count), head=head.lower()),)
    path = Path(words)
    if path.exists():
        try:
            found = _anchors_at(path, site)
        except OSError as error:
            raise RefusedError(
                say("{path} cannot be read: {why}", path=words, why=error.strerror or "?")
            ) from error
        if not found:
            raise RefusedError(say("{path} holds no anchor of this site", path=words))
        return found
    paper = anchor_of_words(words)
    if paper is not None:
        return (paper,)
    strange = unknown_words(words)
    if len(words.split()) == COUNT and strange:
        raise RefusedError(say("not on the list of words: {words}", words=", ".join(strange)))
    raise RefusedError(
        say("{words} is no file, no COUNT:HEAD, and not the eight words of an anchor", words=words)
    )


def _anchors_at(path: Path, site: str) -> tuple[Anchor, ...]:
    """Of a file of them, of a checkpoint, or of both in a folder; other sites may have theirs there. Raises OSError."""
    texts = copies.found_elsewhere(path, site) if path.is_dir() or path.suffix == copies.TEXT else ()
    signed = [found for each in texts if (found := checkpoints.read(each)) is not None]
    anchors = tuple(each.anchor for each in signed if each.site == (site or signed[0].site))
    files = [path] if not path.is_dir() else path.glob(name_in_folder(site) if site else f"*-{FILE}")
    return (*anchors, *(anchor for each in files for anchor in read_anchors(each, site)))


def _copies(path: Path, site: Site | None, chain: Followed, place: Path | None) -> tuple[Path, ...]:
    named = [path.parent / each for each in (site.audit.anchors if site is not None else ())]
    code = _code(site, chain)
    places = [place] if place is not None else named
    return tuple(found for each in places for found in copies.found_elsewhere(each, code))


def _known(path: Path, site: Site | None, chain: Followed) -> tuple[tuple[Anchor, ...], bool]:
    code = _code(site, chain)
    here = _read(path.parent / FILE, code)
    places = site.audit.anchors if site is not None else ()
    there: list[Anchor] = []
    for each in places:
        place = path.parent / each
        there += _read(place / name_in_folder(code) if place.is_dir() else place, code)
    return (*here, *there), bool(there)


def _read(path: Path, site: str) -> tuple[Anchor, ...]:
    with suppress(OSError):
        return read_anchors(path, site)
    return ()


def _against(chain: Followed, anchors: Sequence[Anchor]) -> tuple[int, Any]:
    for each in sorted(anchors, key=lambda one: one.count):
        why = compare(chain, each)
        if why:
            return min(max(each.count, 0), chain.end.count), why
    return -1, SILENCE


def _all(files: Sequence[Segment]) -> tuple[Mapping[str, Any], ...]:
    """Every record that can be read, also behind a break."""
    found = (record_of_line(part_of_line(line)) for each in files for line in each.lines)
    return tuple(each for each in found if each is not None)
