"""Where nobody can act from, the dashboard says the true reason: on Windows, and where nothing is watched that can be mended."""

from __future__ import annotations

import types
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.wiring import Options, acting, living_session
from tests.contracts.test_frames import session
from tests.servers.dashboard import shown
from tests.servers.small_site import write_site

LINUX = ("acts only on Linux and macOS", "from a Linux machine that has this server in its site file")
UNWATCHED = ("no playbook mends anything that this site watches",)


@pytest.mark.parametrize(("system", "reason"), [("nt", LINUX), ("posix", UNWATCHED)])
async def test_every_key_that_acts_says_why_nobody_can_act_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, reason: tuple[str, ...]
) -> None:
    monkeypatch.setattr(acting, "os", types.SimpleNamespace(name=system))
    site = write_site(tmp_path)
    if system == "posix":
        site.write_text(
            site.read_text().partition("[target.redis]")[0] + '[target.log]\npaths = ["app.log"]\n'
        )
    with living_session(Options(site=str(site), state=str(tmp_path / "state"))) as living:
        assert living.dispatch is None
        here = replace(
            session(tmp_path), dispatch_of=living.dispatch_of, why_no_dispatch=living.why_no_dispatch
        )
        async with shown(here) as dashboard:
            for key in ("b", "u", "f12"):
                await dashboard.press(key)
                said = " ".join(dashboard.text.split())
                assert all(each in said for each in (reason if key == "b" else reason[:1])), key
                assert "no playbook is installed" not in said
                await dashboard.press("escape")
