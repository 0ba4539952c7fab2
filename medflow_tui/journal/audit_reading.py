"""Reads an audit to look at it: the whole of it, compared with every anchor there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
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
from medflow_tui.rules.auditing.checkpoint import Checked, Signatures, Signed, judge
from medflow_tui.rules.auditing.review import review
from medflow_tui.rules.auditing.standing import Standing, unanchored
from medflow_tui.rules.auditing.words import COUNT, anchor_of_words, unknown_words

UTC_ZONE = "UTC"
STILL_S = 5.0  # for a writer to let go, before an audit is convicted; then it is read all the same
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
    Others may write meanwhile: it is convicted only when it is again while nobody does.
    Raises UnreadableError when there is none, or it cannot be read.
    """
    signed_by = signers or signers_of(site)
    found = _look(path, site, given, copied, signed_by, newest, is_still=False)
    if found.is_altered:
        found = _look(path, site, given, copied, signed_by, newest, is_still=True)
    return found


def _look(
    path: Path,
    site: Site | None,
    given: Sequence[Anchor],
    copied: Path | None,
    signers: Path | None,
    newest: int,
    *,
    is_still: bool,
) -> Standing:
    """What anchors and checkpoints say is read before the chain, which then must hold it; of what came meanwhile counts
    what the chain read reaches. `is_still`: nobody writes while the chain is read."""
    code = site.code if site is not None else str(segments.first_record(path).get("site", ""))
    anchors, is_elsewhere = (tuple(given), True) if given else _known(path, site, code)
    shown = _Shown.of(path, code, signers, newest, _copies(path, site, code, copied))
    with segments.unwritten(path, STILL_S) if is_still else nullcontext():
        files = segments.read(path)
    if not files:
        raise UnreadableError(say("there is no audit yet: {path}", path=str(path)))
    chain = follow(files)
    if not given:
        late = (each for each in _read(path.parent / FILE, code) if each.count <= chain.end.count)
        anchors = tuple(dict.fromkeys((*anchors, *late)))
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
        signatures=_signatures(path, site, chain, shown),
        unanchored=0 if given else unanchored(records, anchors),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """The checkpoints as they were before the chain was read: the newest ones asked whether they are signed, those before
    them, and the copies elsewhere (which stay there)."""

    code: str
    signers: Path | None
    newest: int
    texts: tuple[Path, ...]
    asked: tuple[Checked, ...]
    copied: tuple[Path, ...]

    @classmethod
    def of(cls, path: Path, code: str, signers: Path | None, newest: int, copied: tuple[Path, ...]) -> _Shown:
        for _ in range(segments.AGAIN):
            texts = checkpoints.found(path.parent)
            asked = [checkpoints.check(each, code, signers) for each in texts[-newest:]]
            if None not in asked:  # else one was replaced meanwhile
                break
        known = tuple(each for each in asked if each is not None)
        return cls(code=code, signers=signers, newest=newest, texts=texts, asked=known, copied=copied)

    def since(self, path: Path, end: int) -> list[Checked]:
        """Those that came meanwhile and cover no more than the chain that was read."""
        new = (each for each in checkpoints.found(path.parent) if each not in self.texts)
        asked = [checkpoints.check(each, self.code, self.signers) for each in new]
        return [each for each in asked if each and (not (it := each.checkpoint) or it.anchor.count <= end)]


def _signatures(path: Path, site: Site | None, chain: Followed, shown: _Shown) -> Signatures:
    copied = [
        checkpoints.check(each, shown.code, shown.signers)
        for each in _to_ask(shown.copied, chain, shown.newest)
    ]
    checked = [each for each in copied if each is not None]
    checked += [*shown.asked, *shown.since(path, chain.end.count)]
    found = judge(
        chain,
        checked,
        site=shown.code,
        is_wanted=key_of(site) is not None,
        trouble=checkpoints.trouble(path.parent),
    )
    several = {each.checkpoint for each in checked}
    found = replace(found, n=len(several), unsent=copies.unsent(path.parent))
    for each in shown.texts[: -shown.newest] if shown.newest else ():  # what they say, whoever signed it
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


def _copies(path: Path, site: Site | None, code: str, place: Path | None) -> tuple[Path, ...]:
    named = [path.parent / each for each in (site.audit.anchors if site is not None else ())]
    places = [place] if place is not None else named
    return tuple(found for each in places for found in copies.found_elsewhere(each, code))


def _known(path: Path, site: Site | None, code: str) -> tuple[tuple[Anchor, ...], bool]:
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
