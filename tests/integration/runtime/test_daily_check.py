"""The daily check of an agreement through the sweep, Celery and a worker, before any period has come."""

from pathlib import Path

from support.installation import Installation

_EXPECTS = 'expects.modules = ["Projekt"]'


def test_what_an_agreement_lacks_is_known_before_a_period_comes(tmp_path: Path) -> None:
    """`status` asks for a person, the log has the line, and one check is enough for a day."""
    with Installation(tmp_path, exports={"main": _EXPECTS}, agreements__check_hours="24") as installation:
        installation.start_all()
        installation.wait_for(
            lambda: bool(installation.lines("worker-1", "agreement_check")), "the agreement is checked"
        )
        found = installation.json("status")["agreements"]
        [line] = installation.lines("worker-1", "agreement_differs")

    assert [failure["description"].partition(";")[0] for failure in found["main"]] == ["Modules: missing: Projekt"]
    assert line["why"] == found["main"][0]["description"]
