"""What the screen may cost is said in the site file, and the command line has the last word."""

from __future__ import annotations

from pathlib import Path

import pytest

from medflow_tui.cli.arguments import parser
from medflow_tui.config.explain import settings_lines
from medflow_tui.config.load import load
from medflow_tui.config.starter import write_first_site
from medflow_tui.model.errors import SettingsError
from medflow_tui.rules.thrift import Limits
from medflow_tui.ui.thrift import limits_of
from medflow_tui.wiring import Options, as_asked
from tests.servers.small_site import write_site

SETTINGS = "budget_bytes_per_s = 100\nbudget_mb_per_session = 2\nlow_data = true\n"


def site_file(folder: Path, settings: str) -> Path:
    path = write_site(folder)
    path.write_text(path.read_text().replace("[site]\n", f"[site]\n{settings}"))
    return path


def test_the_settings_are_read_and_blame_says_where_they_were_set(tmp_path: Path) -> None:
    path = site_file(tmp_path, SETTINGS)
    settings = load(path)
    assert limits_of(settings.site) == Limits(bytes_per_s=100, session_bytes=2_000_000)
    assert settings.site.low_data
    lines = settings_lines(settings, origins=True)
    assert f"site.budget_bytes_per_s = 100.0    [{path}]" in lines
    assert "site.price_per_mb = 0.0    [built in]" in lines


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("budget_bytes_per_s = -1", "site.budget_bytes_per_s cannot be negative"),
        ("budget_mb_per_session = -0.5", "site.budget_mb_per_session cannot be negative"),
        ("price_per_mb = -3", "site.price_per_mb cannot be negative"),
        ("low_data = 1", "site.low_data must be a true or false"),
        ("budget_byte_per_s = 1", "did you mean site.budget_bytes_per_s?|did you mean budget_bytes_per_s?"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_key(tmp_path: Path, line: str, said: str) -> None:
    from medflow_tui.locale.language import Language

    with pytest.raises(SettingsError) as caught:
        load(site_file(tmp_path, f"{line}\n"))
    sentence = Language("en").say(caught.value.phrase)
    assert any(each in sentence for each in said.split("|")), sentence


def test_the_first_site_file_names_them_as_comments_that_are_in_order(tmp_path: Path) -> None:
    path = write_first_site(tmp_path / "site.toml", lambda question, default: "")
    text = path.read_text()
    for name in ("price_per_mb", "budget_mb_per_month", "budget_bytes_per_s", "budget_mb_per_session"):
        assert f"# {name} = " in text
    path.write_text(text.replace("# price", "price").replace("# budget", "budget").replace("# low", "low"))
    assert load(path).site.low_data


@pytest.mark.parametrize(
    ("words", "variable", "in_file", "expected"),
    [
        ((), None, False, False),
        ((), None, True, True),
        ((), "1", False, True),
        ((), "0", True, False),
        (("--low",), "0", False, True),
    ],
)
def test_the_option_comes_before_the_variable_and_that_before_the_site_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variable: str | None,
    in_file: bool,
    expected: bool,
) -> None:
    monkeypatch.delenv("MEDFLOW_TUI_LOW", raising=False)
    if variable is not None:
        monkeypatch.setenv("MEDFLOW_TUI_LOW", variable)
    site = load(site_file(tmp_path, "low_data = true\n" if in_file else "")).site
    assert as_asked(site, Options(is_low=parser().parse_args(words).low)).low_data is expected


def test_a_budget_on_the_command_line_is_a_number_above_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser().parse_args(["--budget", "100"]).budget == 100
    for wrong in ("0", "-1", "much", "inf", "nan"):
        with pytest.raises(SystemExit):
            parser().parse_args(["--budget", wrong])
    assert "budget" in capsys.readouterr().err
