"""What is said of versions: ranges of Node, and rules that never pass for want of a fact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.model.playbook import Guard, Text
from medflow_tui.model.procedure import Outcome
from medflow_tui.rules.release_guards import RELEASE_KINDS
from medflow_tui.rules.releases import fits, manifest_of, script_fault, sums_of

NUMBERS = st.tuples(*[st.integers(0, 40)] * 3)


def word(number: tuple[int, int, int]) -> str:
    return ".".join(str(each) for each in number)


@given(NUMBERS, NUMBERS)
def test_every_comparison_agrees_with_the_order_of_numbers(
    one: tuple[int, int, int], two: tuple[int, int, int]
) -> None:
    assert fits(f">={word(two)}", word(one)) is (one >= two)
    assert fits(f"<{word(two)}", word(one)) is (one < two)
    assert fits(f">{word(two)}", word(one)) is (one > two)
    assert fits(f"<={word(two)}", word(one)) is (one <= two)
    assert fits(f">={word(two)} || <{word(two)}", word(one)) is True
    assert fits(f">={word(two)} <{word(two)}", word(one)) is False


@given(st.text(max_size=20))
def test_any_range_has_one_of_three_answers(text: str) -> None:
    assert fits(text, "20.1.0") in (True, False, None)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.dictionaries(
                st.sampled_from(["version", "commit", "node", "files", "data", "scripts", "reads", "writes"]),
                inner,
            )
            | st.lists(inner)
        ),
    )
)
def test_any_json_is_a_manifest_or_none(found: object) -> None:
    manifest_of(found)


@given(st.text(max_size=200))
def test_any_text_is_a_list_of_sums_or_none(text: str) -> None:
    found = sums_of(text)
    assert found is None or all(".." not in each.split("/") and not each.startswith("/") for each in found)


@pytest.mark.parametrize("kind", RELEASE_KINDS)
def test_no_rule_passes_when_nothing_is_known(kind: str) -> None:
    guard = Guard(id=kind, kind=kind, why=Text(), fix=Text())
    outcome, said = RELEASE_KINDS[kind](guard, {"environment": "lab"})
    assert outcome is Outcome.UNKNOWN
    assert said


@pytest.mark.parametrize("age", [None, -1, 3601])
def test_without_a_fresh_verified_backup_production_fails(age: int | None) -> None:
    guard = Guard(id="b", kind="verified_backup", why=Text(), fix=Text(), need={"max_age_s": 3600})
    facts = {
        "environment": "production",
        **({} if age is None else {"backup.verified_age_s": age, "backup.level": "L1"}),
    }
    assert RELEASE_KINDS["verified_backup"](guard, facts)[0] is Outcome.FAIL


@pytest.mark.parametrize(
    "path", ["scripts/setup.js", "scripts/seedUsers.js", "scripts/seed.js", "scripts/resetAll.js"]
)
def test_what_seeds_or_sets_up_is_no_script(path: str) -> None:
    assert script_fault(path, "") == "script-seeds"
