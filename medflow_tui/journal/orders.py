"""What stands above every run of a site, in files of the state folder: passive mode, overrides to be looked at, and the
answers over the phone that were tried. Each file only grows."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medflow_tui.journal.append_log import AppendLog, DamagedError, UnwritableError, read_lines
from medflow_tui.journal.incidents import FILE as INCIDENTS
from medflow_tui.journal.incidents import Incidents
from medflow_tui.journal.moment import moment_of, stamp
from medflow_tui.journal.private import make_folder
from medflow_tui.model.access import Passive, Review
from medflow_tui.model.canonical import canonical
from medflow_tui.model.health import EPOCH
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.leading import stands
from medflow_tui.rules.spoken import Try

PASSIVE, REVIEWS, TRIES = "passive.jsonl", "reviews.jsonl", "answers.jsonl"
TOLD_WITHIN_S = 5.0  # places elsewhere
ON, OFF, OPENED, CLOSED, TRIED, RIGHT, LATE = "on", "off", "opened", "closed", "tried", "right", "late"


class Orders:
    """The files of one state folder. Reading writes nothing; a write is durable when it returns, or UnwritableError."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._told: tuple[Phrase, ...] = ()
        self._told_of: object = None

    def passive(self) -> Passive | None:
        """The global stop, when it is set; a file that cannot be understood stops everything too."""
        try:
            newest = next(reversed(self._read(PASSIVE)), None)
            if newest is None or newest["ev"] == OFF:
                return None
            return Passive(
                since=moment_of(newest), who=str(newest["who"]), reason=str(newest.get("reason", ""))
            )
        except (DamagedError, KeyError, ValueError, TypeError):
            return Passive(since=EPOCH, who="?")

    def check_passive(self) -> None:
        """Raises DamagedError where the file of the global stop is so damaged that nothing can be added to it."""
        self._read(PASSIVE)

    def set_passive(self, *, on: bool, who: str, reason: str) -> None:
        """Stop everything, or let it go on."""
        self._write(PASSIVE, {"ev": ON if on else OFF, "who": who, "reason": reason})

    def reviews(self) -> tuple[Review, ...]:
        """Overrides that nobody has closed, oldest first. Raises DamagedError."""
        found: dict[str, Review] = {}
        for each in self._read(REVIEWS):
            try:
                run = str(each["run"])
                if each["ev"] == CLOSED:
                    found.pop(run, None)
                else:
                    found[run] = Review(
                        run=run,
                        playbook=str(each["playbook"]),
                        who=str(each["who"]),
                        at=moment_of(each),
                        guards=tuple(str(name) for name in each["guards"]),
                        uid=int(each.get("uid", -1)),
                    )
            except (KeyError, ValueError, TypeError) as error:
                raise DamagedError(say("{path} is damaged", path=str(self._state / REVIEWS))) from error
        return tuple(found.values())

    def open_review(self, run: str, *, playbook: str, who: str, guards: Iterable[str], uid: int = -1) -> None:
        """An override is to be looked at, until somebody closes it; `uid` is the user who passed over the guards."""
        used = {"run": run, "playbook": playbook, "who": who, "uid": uid, "guards": list(guards)}
        self._write(REVIEWS, {"ev": OPENED, **used})

    def close_review(self, run: str, *, who: str, note: str, uid: int = -1) -> None:
        """Somebody has looked at it."""
        self._write(REVIEWS, {"ev": CLOSED, "run": run, "who": who, "uid": uid, "note": note})

    def tries(self) -> tuple[Try, ...]:
        """Every answer that was typed; one that was not found right (or of which nobody knows) is wrong. DamagedError."""
        found: list[Try] = []
        for each in self._read(TRIES):
            try:
                if each["ev"] == TRIED:
                    found.append(Try(at=moment_of(each), is_right=False))
                elif each["ev"] == RIGHT and found:
                    found[-1] = Try(at=found[-1].at, is_right=True)
            except (KeyError, ValueError) as error:
                raise DamagedError(say("{path} is damaged", path=str(self._state / TRIES))) from error
        return tuple(found)

    def try_answer(self, now: datetime) -> None:
        """Count an answer before it is looked at."""
        self._write(TRIES, {"ev": TRIED}, now)

    def was_right(self, answer: str, now: datetime) -> None:
        """It was right, and is used up; `answer` stands for it."""
        self._write(TRIES, {"ev": RIGHT, "answer": answer}, now)

    def was_late(self, answer: str, now: datetime) -> None:
        """It was right once: it is used up, and was no try."""
        self._write(TRIES, {"ev": LATE, "answer": answer}, now)

    def used(self) -> frozenset[str]:
        """What stands for each answer that was taken, or came too late. Raises DamagedError."""
        found = (each for each in self._read(TRIES) if each.get("ev") in (RIGHT, LATE))
        return frozenset(str(each.get("answer")) for each in found)

    def answered_at(self) -> datetime:
        """The latest moment at which an answer was typed: a clock that was set back stands before it; EPOCH when none was.
        Raises DamagedError."""
        try:
            return max((moment_of(each) for each in self._read(TRIES)), default=EPOCH)
        except (KeyError, ValueError, TypeError) as error:
            raise DamagedError(say("{path} is damaged", path=str(self._state / TRIES))) from error

    def notices(self) -> tuple[Phrase, ...]:
        """What every viewer must see; asked often, so that files are read only when they are others. Never raises."""
        edition = tuple(self._edition(name) for name in (PASSIVE, INCIDENTS, REVIEWS))
        if edition != self._told_of:
            self._told, self._told_of = self._notices(), edition
        return self._told

    def _edition(self, name: str) -> tuple[int, int, int]:
        try:
            found = (self._state / name).stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def _notices(self) -> tuple[Phrase, ...]:
        passive = self.passive()
        told = [passive_said(passive)] if passive is not None else []
        told += [said] if (said := incident_said(self._state)) else []
        try:
            told += [
                say(
                    "{who} passed over a guard at {at:when}, run {run}: to be reviewed",
                    who=each.who,
                    at=each.at,
                    run=each.run,
                )
                for each in self.reviews()
            ]
        except DamagedError as error:
            told.append(error.phrase)
        return tuple(told)

    def _read(self, name: str) -> tuple[dict[str, Any], ...]:
        return read_lines(self._state / name).records

    def _write(self, name: str, record: Mapping[str, Any], now: datetime | None = None) -> None:
        try:
            make_folder(self._state)
        except OSError as error:
            raise UnwritableError(
                say("{path} cannot be written: {why}", path=str(self._state), why=error.strerror or "?")
            ) from error
        log = AppendLog(self._state / name)
        try:
            log.cut_torn_line()
            log.append({"v": 1, **stamp(now), **record})
        finally:
            log.close()


def passive_said(passive: Passive) -> Phrase:
    """Why nothing is started."""
    if passive.since == EPOCH:
        return say("passive: the file that says so cannot be read")
    return say("passive since {at:when} by {who}", at=passive.since, who=passive.who)


def incident_said(state: Path) -> Phrase:
    """The incident that is open, or that nobody can tell; nothing where there is none."""
    try:
        found = Incidents(state).now_open()
    except DamagedError:
        return say("incident: the file that says so cannot be read")
    return stands(found) if found is not None else SILENCE


def tell_elsewhere(places: Iterable[str], record: Mapping[str, Any], now: datetime | None = None) -> int:
    """One line more in each file (or in `medflow-notices.jsonl` of each folder) elsewhere; how many could be written.

    A place that hangs, as a dead mount does, is left alone after `TOLD_WITHIN_S`.
    """
    line = canonical({**record, "at": (now or datetime.now(UTC)).isoformat(timespec="seconds")})
    told: list[Path] = []
    work = threading.Thread(
        target=_tell, args=(tuple(map(Path, places)), line, told), name="notices", daemon=True
    )
    work.start()
    work.join(TOLD_WITHIN_S)
    return len(told)


def _tell(places: Iterable[Path], line: str, told: list[Path]) -> None:
    for place in places:
        try:
            path = place / "medflow-notices.jsonl" if place.is_dir() else place
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError:
            continue
        told.append(place)
