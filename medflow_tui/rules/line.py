"""The quality of a line from connections tried over it: loss, round trip, jitter."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

PACKET_BYTES = 60  # of TCP without content
HANDSHAKE_BYTES = 7 * PACKET_BYTES  # a connection opened with three packets and closed with four
OUTAGE = 4  # knocks without an answer in a row: that was an outage, which is judged by itself and is no loss
RETRANSMITTED_AT_S = (1.0, 3.0, 7.0, 15.0)  # Linux repeats a SYN after 1 s, doubling (RFC 6298)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """One TCP connection tried: packets sent and lost, round trip (ms, None without an answer).

    A refusal is an answer: the host is there, the line works.
    """

    sent: int
    lost: int
    rtt_ms: float | None = None
    refused: bool = False


def bytes_of(knock: Knock) -> int:
    """What a knock costs on the line, estimated: packets that were lost are paid for as well.

    >>> bytes_of(Knock(sent=1, lost=0, rtt_ms=40.0)), bytes_of(Knock(sent=2, lost=2))
    (420, 120)
    """
    if knock.rtt_ms is None:
        return PACKET_BYTES * knock.sent
    answered = 2 * PACKET_BYTES if knock.refused else HANDSHAKE_BYTES
    return answered + PACKET_BYTES * knock.lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a window of knocks says: loss in percent, median round trip and mean change between neighbours (ms)."""

    knocks: int
    loss_percent: float
    rtt_ms: float | None
    jitter_ms: float | None


def lost_before_answer(elapsed_s: float, rtt_s: float, retransmissions: int) -> int:
    """How many of the first packets were lost, when one was answered after `elapsed_s`.

    A satellite that needs 1.4 s is repeated to after 1 s, and yet nothing was lost: the answer tells by the round
    trip that the kernel measured (0 when it could not) which of the packets it answers.

    >>> lost_before_answer(1.4, 1.4, 1), lost_before_answer(1.6, 0.6, 1), lost_before_answer(0.6, 0.6, 0)
    (0, 1, 0)
    """
    if retransmissions == 0 or rtt_s <= 0:
        return retransmissions
    answered_at = elapsed_s - rtt_s
    return sum(1 for at in RETRANSMITTED_AT_S[:retransmissions] if at <= answered_at + 0.3)


def without_outages(knocks: tuple[Knock, ...]) -> tuple[Knock, ...]:
    """The knocks without outages that are over: a line that came back is not bad for what it was.

    >>> dead, well = Knock(sent=1, lost=1), Knock(sent=1, lost=0, rtt_ms=40.0)
    >>> len(without_outages((well, dead, dead, dead, dead, well))), len(without_outages((well, dead, well)))
    (2, 3)
    """
    kept: list[Knock] = []
    silent: list[Knock] = []
    for each in knocks:
        if each.rtt_ms is None:
            silent.append(each)
            continue
        kept += silent if len(silent) < OUTAGE else ()
        silent = []
        kept.append(each)
    return (*kept, *silent)


def line(knocks: tuple[Knock, ...]) -> Line:
    """The line over a window of knocks, outages that are over left out.

    >>> line((Knock(sent=1, lost=0, rtt_ms=600.0), Knock(sent=2, lost=1, rtt_ms=640.0))).jitter_ms
    40.0
    """
    knocks = without_outages(knocks)
    sent = sum(each.sent for each in knocks)
    times = [each.rtt_ms for each in knocks if each.rtt_ms is not None]
    steps = [abs(after - before) for before, after in pairwise(times)]
    return Line(
        knocks=len(knocks),
        loss_percent=100.0 * sum(each.lost for each in knocks) / sent if sent else 0.0,
        rtt_ms=median(times) if times else None,
        jitter_ms=sum(steps) / len(steps) if steps else None,
    )
