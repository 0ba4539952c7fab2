"""One round for `check`: every target read once, each reading counting at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime

from medflow_tui.model.health import Cause, Failure, Probe, Reading, Snapshot
from medflow_tui.model.target import Target
from medflow_tui.model.words import say
from medflow_tui.monitor.knowledge import Knowledge
from medflow_tui.monitor.poller import GRACE_S


def read_once(
    targets: tuple[Target, ...],
    probe_of: Callable[[Target], Probe],
    now: Callable[[], datetime],
    report: Callable[[BaseException, str], None] = lambda error, where: None,
) -> Snapshot:
    """A snapshot after one reading of each target; what does not end in time is unknown."""

    def look(target: Target) -> tuple[Reading, ...]:
        try:
            return probe_of(target).read(target.deadline_s)
        except Exception as error:  # a fault of ours is one unknown target, not a lost round
            report(error, target.name)
            return (_failed(target, Cause.OURS, now),)

    began = now()
    knowledge = Knowledge(targets, at_once=True)
    pool = ThreadPoolExecutor(max_workers=min(16, max(1, len(targets))), thread_name_prefix="check")
    futures = {pool.submit(look, each): each for each in targets}
    longest = max((each.deadline_s for each in targets), default=1.0)
    done, late = wait(futures, timeout=2 * longest + GRACE_S)
    for future in sorted(done, key=lambda each: targets.index(futures[each])):
        knowledge.absorb(futures[future].name, future.result(), now())
    for future in late:
        knowledge.absorb(futures[future].name, (_failed(futures[future], Cause.OVERRUN, now),), now())
    pool.shutdown(wait=False, cancel_futures=True)
    return knowledge.snapshot(now(), aged_at=began)


def _failed(target: Target, cause: Cause, now: Callable[[], datetime]) -> Reading:
    text = say("no reading within {after:duration}", after=target.deadline_s)
    if cause is Cause.OURS:
        text = say("fault of this program, see its log")
    return Reading(
        target=target.name,
        kind=target.kind,
        observed_at=now(),
        how=say("one reading"),
        failure=Failure(cause=cause, text=text),
    )
