"""`audit verify|show|review|anchor`: whether the chain is whole, what stands in it, and the weekly look at it."""

from __future__ import annotations

import argparse
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from medflow_tui.cli.exits import BROKEN
from medflow_tui.cli.speech import DONE, USAGE, complain, tell
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.wiring import Options, open_language, open_settings, open_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from medflow_tui.journal.audit import Audit
    from medflow_tui.locale.language import Language
    from medflow_tui.model.audit import Anchor
    from medflow_tui.model.site import Site
    from medflow_tui.rules.auditing.standing import Standing

_SPANS = {"h": "hours", "d": "days", "w": "weeks"}


def verify(options: argparse.Namespace, common: Options) -> int:
    """0 whole, 2 broken or wrongly signed, 3 when it cannot be known; what an anchor alone can show is said."""
    from medflow_tui.journal.audit_reading import anchors_of
    from medflow_tui.ui.present.audit import chain_phrases, end_phrases, signed_phrases

    site, state, language = _open(common)
    given = anchors_of(options.anchor, site.code if site is not None else "") if options.anchor else ()
    standing = _stand(state, site, given, options.signers, options.folder, options.anchor)
    told = (*chain_phrases(standing), *signed_phrases(standing))
    phrases = (*told, *(end_phrases(standing.end) if standing.holds else ()))
    tell(*(language.say(each) for each in phrases))
    return _code(standing)


def show(options: argparse.Namespace, common: Options) -> int:
    """Records, oldest first; nothing that may not be shown, whatever stands in the file."""
    from medflow_tui.rules.auditing.record import shown
    from medflow_tui.rules.auditing.review import chosen
    from medflow_tui.ui.present.audit import chain_phrases, record_text, signed_phrases

    site, state, language = _open(common)
    standing = _stand(state, site, folder=options.folder)
    found = chosen(
        standing.records, run=options.run, since=since(options.since, datetime.now(UTC)), who=options.who
    )
    if options.json:
        tell(*(json.dumps(shown(each), ensure_ascii=False, sort_keys=True) for each in found))
    else:
        tell(*(record_text(each, language) for each in found))
    if not standing.is_sound:
        told = chain_phrases(standing) if not standing.holds else signed_phrases(standing)
        complain(language.say(told[0]))
    return _code(standing)


def review(options: argparse.Namespace, common: Options) -> int:
    """What there was since the last sign-off; `--sign` writes down that somebody looked."""
    from medflow_tui.journal.audit import Audit
    from medflow_tui.journal.auditing.events import review_signed
    from medflow_tui.ui.present.audit import (
        chain_phrases,
        record_text,
        review_groups,
        review_phrases,
        signed_phrases,
    )

    site, state, language = _open(common)
    standing = _stand(state, site)
    now, found = datetime.now(UTC), standing.review
    told = (*chain_phrases(standing), *signed_phrases(standing), *review_phrases(found, now))
    tell(*(language.say(each, now) for each in told))
    for heading, records in review_groups(found):
        tell("", language.say(heading), *(f"  {record_text(each, language)}" for each in records))
    if options.sign:
        if site is None:
            raise RefusedError(say("without a site file nobody can sign: give it with --site"))
        anchor = review_signed(Audit.of(site, state), found.counts, whole=not standing.is_altered)
        tell("", language.say(say("signed: record {number}", number=str(anchor.count - 1))))
    return _code(standing)


def anchor(options: argparse.Namespace, common: Options) -> int:
    """An anchor now: written down, signed where the site has a key, sent elsewhere, and told for the paper form.

    Exit codes as of `verify`; also 3 when it was written nowhere, and then paper is all there is.
    """
    from medflow_tui.journal.audit import Audit
    from medflow_tui.ui.present.audit import end_phrases, signed_phrases

    site, state, language = _open(common)
    audit = Audit.of(site, state) if site is not None else None
    end = _stand(state, site).end
    left = audit.drop_anchor() if audit is not None else None
    standing = _stand(state, site)
    tell(*(language.say(each) for each in (*end_phrases(left or end), *signed_phrases(standing))))
    why = _why_nowhere(audit, left, standing)
    if why:
        complain(language.say(say("no anchor was written: keep this one on paper").also(why)))
    return BROKEN if standing.is_altered else USAGE if why else _code(standing)


def _why_nowhere(audit: Audit | None, left: Anchor | None, standing: Standing) -> Phrase:
    """Why the anchor is neither beside the audit nor elsewhere; nothing when it can be read back from one of them."""
    if audit is None:
        return say("without a site file nobody knows where to: give it with --site")
    if left is None:
        return audit.why_not() or say("the end of the audit could not be read just now")
    if any(each.head == left.head for each in standing.anchors):
        return SILENCE
    return say(
        "neither {path} nor a place of anchors in the site file can be written", path=str(audit.anchors.path)
    )


def since(text: str, now: datetime) -> datetime:
    """A moment: `7d`, `12h`, `2w`, or a date or time as ISO 8601 (UTC). Raises RefusedError.

    >>> since("7d", datetime(2026, 11, 28, tzinfo=UTC)).day
    21
    """
    from medflow_tui.model.health import EPOCH

    if not text:
        return EPOCH
    spans = re.fullmatch(r"(\d{1,4})([hdw])", text)
    try:
        if spans:
            return now - timedelta(**{_SPANS[spans[2]]: int(spans[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise RefusedError(
            say("{given} is no time: 7d, 12h, or a date such as 2026-11-23", given=text)
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _open(common: Options) -> tuple[Site | None, Path, Language]:
    """An auditor may have copies of the files and no site file."""
    from medflow_tui.config.load import NoSiteError

    try:
        site = open_settings(common).site
    except NoSiteError:
        site = None
    return site, open_state(common), open_language(common, site)


def _code(standing: Standing) -> int:
    return BROKEN if standing.is_altered else DONE if standing.is_sound else USAGE


def _stand(
    state: Path,
    site: Site | None,
    given: Sequence[Anchor] = (),
    signers: str = "",
    folder: str = "",
    place: str = "",
) -> Standing:
    """Raises UnreadableError, which ends with 3 like every sentence of that kind."""
    from pathlib import Path

    from medflow_tui.journal.audit_reading import stand
    from medflow_tui.journal.auditing.place import FILE, audit_file

    path = Path(folder) / FILE if folder else audit_file(site, state)
    copied = Path(place) if place and Path(place).exists() else None
    return stand(path, site, given, copied=copied, signers=Path(signers) if signers else None)
