"""Checkpoints: the end of the chain as a few lines of text that the SSH key of the site signs, and what they show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from medflow_tui.model.audit import Anchor
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.auditing.chain import Followed, compare
from medflow_tui.rules.auditing.review import Record

NAMESPACE = "medflow-audit"
ENDINGS = frozenset(("run.done", "run.paused"))
_FORM = re.compile(
    r"medflow-audit checkpoint 1\n"
    r"site (?P<site>[^\n]{1,64})\n"
    r"records (?P<count>\d{1,12})\n"
    r"head (?P<head>[0-9a-f]{64})\n"
    r"time (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n"
)


class Signed(Enum):
    """What signatures say of a chain; none that is made or asked for is UNSIGNED, what cannot be told UNKNOWN."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    WRONG = "wrong"
    UNKNOWN = "unknown"


TROUBLES: Mapping[str, Phrase] = {
    "no_program": say("there is no ssh-keygen on this machine"),
    "no_key": say("the signing key is not there, or cannot be read"),
    "key_open": say("others may read or write the signing key: chmod 600"),
    "key_owner": say("the signing key belongs to somebody else"),
    "passphrase": say("the signing key has a passphrase: nobody is there to type it"),
    "timeout": say("ssh-keygen did not answer in time"),
    "failed": say("ssh-keygen could not sign with this key"),
    "broken_off": say("ssh-keygen ended before it had answered"),
    "unreadable": say("the signature, or the file of those who may sign, cannot be read"),
    "not_a_signer": say("the allowed-signers file does not let this key sign for the site"),
    "no_signers": say("no allowed-signers file is named, or it cannot be read"),
    "signers_open": say("others may write the allowed-signers file: whoever can, signs for the site"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """At a time (UTC, as in records) the chain of a site had so many records and this head."""

    site: str
    anchor: Anchor
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file of a checkpoint: its name, what stands in it (None: nothing of that form), and what its signature is
    worth; `why` (of `TROUBLES`) when that is unknown."""

    name: str
    checkpoint: Checkpoint | None
    signed: Signed
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """All of them together: `n` were looked at, the newest covers `count` records; `unsent`: where they could not be
    copied to."""

    signed: Signed = Signed.UNSIGNED
    n: int = 0
    count: int = 0
    why: Phrase = SILENCE
    unsent: Phrase = SILENCE


def principal(site: str) -> str:
    """The name of a site in an allowed-signers file, which takes no spaces and reads some signs as patterns.

    >>> principal("LSH-02"), principal("Matrix *")
    ('LSH-02', 'Matrix__')
    """
    return re.sub(r"[^A-Za-z0-9_.-]", "_", site)


def text_of(checkpoint: Checkpoint) -> str:
    """What is signed.

    >>> print(text_of(Checkpoint(site="M", anchor=Anchor(count=3, head="ab"), at="…")), end="")
    medflow-audit checkpoint 1
    site M
    records 3
    head ab
    time …
    """
    end = checkpoint.anchor
    return (
        f"medflow-audit checkpoint 1\nsite {checkpoint.site}\nrecords {end.count}\nhead {end.head}\n"
        f"time {checkpoint.at}\n"
    )


def checkpoint_of(text: str) -> Checkpoint | None:
    """What a text of that form says; None for any other."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    anchor = Anchor(count=int(found["count"]), head=found["head"])
    return Checkpoint(site=found["site"], anchor=anchor, at=found["at"])


def judge(
    chain: Followed, checked: Sequence[Checked], *, site: str, is_wanted: bool, trouble: str = ""
) -> Signatures:
    """What the checkpoints (oldest first) show of a chain. `is_wanted`: the site file names a key; `trouble` is why the
    last one could not be signed, as its writer left it."""
    count = max((each.checkpoint.anchor.count for each in checked if each.checkpoint), default=0)
    for each in checked:
        wrong = _wrong(each, chain, site)
        if wrong:
            return Signatures(signed=Signed.WRONG, n=len(checked), count=count, why=wrong)
    unclear = next((each for each in reversed(checked) if each.signed is Signed.UNKNOWN), None)
    if unclear is not None:
        return Signatures(signed=Signed.UNKNOWN, n=len(checked), count=count, why=told(unclear.why))
    if is_wanted and (trouble or any(_asks(each, count) for each in chain.records)):
        late = say("nothing was signed from record {number} on", number=str(count))
        why = told(trouble) or late
        return Signatures(signed=Signed.UNKNOWN, n=len(checked), count=count, why=why)
    return Signatures(signed=Signed.SIGNED if checked else Signed.UNSIGNED, n=len(checked), count=count)


def told(trouble: str) -> Phrase:
    """A trouble in words; nothing for none, and for one that this version does not know."""
    return TROUBLES.get(trouble, SILENCE)


def _wrong(each: Checked, chain: Followed, site: str) -> Phrase:
    if each.signed is Signed.WRONG:
        return say("{name}: not signed by a key of this site, or changed after it was signed", name=each.name)
    if each.checkpoint is None:
        return say("{name}: no checkpoint", name=each.name)
    if site and each.checkpoint.site != site:
        return say("{name}: of another site", name=each.name)
    why = compare(chain, each.checkpoint.anchor) if chain.broken_at < 0 else SILENCE
    return say("{name}: signed, and the audit does not fit", name=each.name).also(why) if why else SILENCE


def _asks(record: Record, count: int) -> bool:
    """Whether a checkpoint should have been signed behind this record, and was not."""
    seq = record.get("seq")
    return isinstance(seq, int) and seq >= count and asks_signature(record)


def asks_signature(record: Record) -> bool:
    """Whether it is the last one of a run that does more than look."""
    return record.get("ev") in ENDINGS and record.get("class") != "R0"
