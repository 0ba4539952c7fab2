"""The incident on one page: what it is, who leads since when, what it permits and until when."""

from __future__ import annotations

from medflow_tui.model.incident import Incident, Severity
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.leading import led_told
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.present.rows import Look

MEANS = {
    Severity.SEV1: say("the system is down, data are lost, or patient data are exposed"),
    Severity.SEV2: say("something that everybody needs is broken"),
    Severity.SEV3: say("one clinic, one device, a part"),
    Severity.SEV4: say("a minor thing"),
}


def incident_lines(incident: Incident | None, permits: Phrase, look: Look, cells: int) -> list[Line]:
    """`permits` is what it permits to the one who looks."""
    lines: list[Line] = []

    def put(phrase: Phrase, style: str = "") -> None:
        text = look.language.say(phrase, look.now)
        lines.extend((Span(f" {each}", style),) for each in wrap(text, cells - 2))

    if incident is None:
        put(say("no incident is open"), "strong")
        lines.append(())
        put(
            say(
                "While one of SEV1 or SEV2 is open and its commander has confirmed to lead it, class R3 needs no "
                "second person in production. The commander decides, and does not act."
            )
        )
        return lines
    head, *rest = led_told(incident)
    put(head, "strong")
    put(MEANS[incident.severity], "quiet")
    for each in rest:
        put(each, "" if incident.is_confirmed or each is not rest[-1] else "warning")
    lines.append(())
    put(permits)
    lines.append(())
    put(
        say("The commander decides, and does not act. Every change of an incident stands in the audit."),
        "quiet",
    )
    return lines


def grades(look: Look) -> tuple[str, ...]:
    """One line for each severity, by the number with which it is chosen."""
    return tuple(
        f"{number}  {each.label}  {look.language.say(MEANS[each])}" for number, each in enumerate(Severity, 1)
    )


def next_step(incident: Incident | None, why: Phrase, key: str) -> Phrase:
    """What a person does next; `why` nothing can be told."""
    if why:
        return why
    if incident is None or incident.is_confirmed or not incident.severity.is_major:
        return SILENCE
    return say(
        "Waits for {who}: here, from their own log-in ({command}), or over the phone ({key})",
        who=incident.commander,
        command="medflow-tui incident confirm",
        key=key,
    )
