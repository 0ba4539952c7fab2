"""Commands that end with 0 and have failed: the exit code alone proves nothing."""

from __future__ import annotations

import pytest

from medflow_tui.model.playbook import Expect
from medflow_tui.model.procedure import Outcome
from medflow_tui.rules.outcome import compare, judge

RESTORED = Expect(
    stdout_require=(
        r"(?P<restored>\d+) document\(s\) restored successfully\. (?P<failed>\d+) document\(s\) failed",
    ),
    stderr_forbid=(r"^Failed:", r"don't know what to do with"),
    numbers={"failed": 0, "restored": "plan.documents"},
)
SKIPPED = """don't know what to do with subdirectory "medflow", skipping...
12999 document(s) restored successfully. 0 document(s) failed to restore."""
PSQL = Expect(stderr_forbid=(r"^(psql:.*)?ERROR:",))


def told(expect: Expect, code: int | None, out: str, error: str, planned: int = 12999) -> Outcome:
    found = judge(expect, code, out, error)
    if found.outcome is not Outcome.PASS:
        return found.outcome
    return compare(expect, found.facts, {"documents": planned}, {}).outcome


@pytest.mark.parametrize(
    ("expect", "out", "error", "outcome"),
    [
        (
            RESTORED,
            "",
            "12999 document(s) restored successfully. 0 document(s) failed to restore.",
            Outcome.PASS,
        ),
        (
            RESTORED,
            "",
            "1 document(s) restored successfully. 12999 document(s) failed to restore.",
            Outcome.FAIL,
        ),
        (RESTORED, "", "0 document(s) restored successfully. 0 document(s) failed to restore.", Outcome.FAIL),
        (
            RESTORED,
            "",
            SKIPPED,
            Outcome.FAIL,
        ),
        (PSQL, "ALTER TABLE\nCOPY 5", "", Outcome.PASS),
        (PSQL, "ALTER TABLE", 'psql:backup.sql:12: ERROR:  relation "patients" already exists', Outcome.FAIL),
        (PSQL, "", 'ERROR:  duplicate key value violates unique constraint "x"', Outcome.FAIL),
        (Expect(stdout_require=(r'"success":\s*true',)), '{"message": "Not found"}', "", Outcome.FAIL),
        (Expect(stdout_require=(r"^[1-9]\d*$",)), "0\n", "", Outcome.FAIL),
    ],
)
def test_a_program_that_ends_with_0_has_kept_its_promise_or_not(
    expect: Expect, out: str, error: str, outcome: Outcome
) -> None:
    assert told(expect, 0, out, error) is outcome


def test_another_exit_code_fails_and_none_is_not_known() -> None:
    assert told(Expect(), 1, "", "") is Outcome.FAIL
    assert told(Expect(exit=(0, 3)), 3, "", "") is Outcome.PASS
    assert told(Expect(), None, "", "") is Outcome.UNKNOWN


def test_numbers_come_from_the_plan_or_an_earlier_step_and_what_is_missing_is_not_known() -> None:
    expect = Expect(numbers={"n": "load.n"})
    assert compare(expect, {"n": 5}, {}, {"load": {"n": 5}}).outcome is Outcome.PASS
    assert compare(expect, {"n": 4}, {}, {"load": {"n": 5}}).outcome is Outcome.FAIL
    assert compare(expect, {"n": 4}, {}, {}).outcome is Outcome.UNKNOWN
    assert compare(expect, {}, {}, {"load": {"n": 5}}).outcome is Outcome.UNKNOWN
    assert compare(expect, {"n": True}, {}, {"load": {"n": 1}}).outcome is Outcome.UNKNOWN


def test_a_pattern_counts_at_its_first_place_unless_it_is_anchored_to_the_end() -> None:
    printed = "3 documents restored\n12 documents restored\n"
    first, last = r"^(?P<n>[0-9]+) documents restored", r"^(?P<n>[0-9]+) documents restored\s*\Z"
    assert judge(Expect(stdout_require=(first,)), 0, printed, "").facts == {"n": 3}
    assert judge(Expect(stdout_require=(last,)), 0, printed, "").facts == {"n": 12}
    assert judge(Expect(stdout_require=(last,)), 0, f"{printed}1 failed\n", "").outcome is Outcome.FAIL
