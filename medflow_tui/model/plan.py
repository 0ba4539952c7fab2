"""A plan: exactly what will be done, to what, how far it reaches, and which guards hold; hashed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from medflow_tui.model.canonical import Facts, canonical, digest
from medflow_tui.model.incident import Incident
from medflow_tui.model.procedure import NO_FACTS, Outcome, Text
from medflow_tui.model.words import SILENCE, Phrase

PURPOSE = "medflow-plan-v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResult:
    """What came of one guard. `stops` is true when a run may not start because of it."""

    id: str
    outcome: Outcome
    stops: bool
    said: Phrase
    why: Text
    fix: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step as it will be done; `calls` are empty for a step that only reads."""

    id: str
    title: Text
    say: Text
    undo: Text
    changes: bool
    calls: tuple[str, ...]
    timeout_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Immutable once shown: what a person confirms is this, by its hash. Facts are whole numbers and words only.

    `further_calls` are those of the way back and of cleaning up, by `undo STEP` and `cleanup STEP`; `led` is the open
    incident that stands for a second person.
    """

    playbook: str
    version: str
    playbook_sha256: str
    title: Text
    summary: Text
    blast: Text
    way_back: Text
    site: str
    site_name: str
    environment: str
    measured_at: datetime
    confirm: str
    reason_min_chars: int
    arm_after_ms: int
    steps: tuple[PlannedStep, ...]
    guards: tuple[GuardResult, ...]
    facts: Facts = field(default_factory=lambda: NO_FACTS)
    targets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    identity: str = ""
    operator: str = ""
    role: str = ""
    notes: tuple[Phrase, ...] = ()
    further_calls: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    led: Incident | None = None

    @property
    def incident(self) -> str:
        """The number of the incident that stands for a second person; empty without one."""
        return self.led.id if self.led is not None else ""

    @property
    def refusals(self) -> tuple[GuardResult, ...]:
        """The guards because of which nothing may start; empty when the run may go ahead."""
        return tuple(each for each in self.guards if each.stops)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical record: one byte of difference is another plan."""
        return digest(PURPOSE, self.record())

    @property
    def short(self) -> str:
        """The hash as people read it out: `7f3a·91c2`."""
        return f"{self.hash[:4]}·{self.hash[4:8]}"

    def record(self) -> dict[str, Any]:
        """The plan as plain data, which is what is hashed and kept in `plan.json`."""
        record: dict[str, Any] = {
            "schema": 1,
            "playbook": f"{self.playbook}@{self.version}",
            "playbook_sha256": self.playbook_sha256,
            "site": self.site,
            "environment": self.environment,
            "measured_at": self.measured_at.isoformat(),
            "confirm": self.confirm,
            "targets": dict(self.targets),
            "identity": self.identity,
            "operator": self.operator,
            "role": self.role,
            "facts": {
                name: list(value) if isinstance(value, tuple) else value for name, value in self.facts.items()
            },
            "steps": [
                {
                    "id": each.id,
                    "changes": each.changes,
                    "calls": list(each.calls),
                    "timeout_s": each.timeout_s,
                }
                for each in self.steps
            ],
            "guards": {each.id: each.outcome.value for each in self.guards},
        }
        if self.further_calls:
            record["further_calls"] = {name: list(calls) for name, calls in self.further_calls.items()}
        if self.led is not None:
            record["incident"] = {
                "id": self.led.id,
                "severity": self.led.severity.value,
                "commander": self.led.commander,
                "confirmed_at": self.led.confirmed_at.isoformat(),
            }
        return record

    def written(self) -> str:
        """The content of `plan.json`: its SHA-256 with the purpose in front is the hash."""
        return canonical(self.record())


def phrase_record(phrase: Phrase) -> dict[str, Any]:
    """A phrase as plain data for the journal; a float becomes a whole number, which is exact enough for a sentence."""
    if not phrase:
        return {}
    values = {name: _plain(value) for name, value in phrase.values.items()}
    record: dict[str, Any] = {"text": phrase.text}
    if values:
        record["values"] = values
    if phrase.parts:
        record["parts"] = [phrase_record(each) for each in phrase.parts]
    return record


def phrase_from(record: Mapping[str, Any]) -> Phrase:
    """The phrase that `phrase_record` wrote; moments come back as moments."""
    if not record:
        return SILENCE
    values = {name: _lively(value) for name, value in record.get("values", {}).items()}
    parts = tuple(phrase_from(each) for each in record.get("parts", ()))
    return Phrase(text=str(record["text"]), values=MappingProxyType(values), parts=parts)


def _plain(value: object) -> object:
    match value:
        case datetime():
            return {"at": value.isoformat()}
        case float():
            return round(value)
        case str() | int() | None:
            return value
        case _:
            return str(value)


def _lively(value: Any) -> Any:
    if isinstance(value, dict):
        return datetime.fromisoformat(value["at"])
    return value
