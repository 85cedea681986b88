"""A stream of lines is judged as the daemon would judge it; a line that is no entry harms no other."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.cli.main import main
from monitor.model import Candidate, Fingerprint
from monitor.stories.index import Window
from monitor.stories.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TITLE = "Armenia and Azerbaijan sign railway agreement in Tbilisi"


def line(name: str | int, title: str, *, hours: float = 0, **more: object) -> str:
    published = (START + timedelta(hours=hours)).isoformat()
    return json.dumps({"id": name, "published": published, "outlet": "Halden Wire", "title": title, **more})


def judged(*lines: str, window: timedelta = timedelta(hours=72)) -> list[dict[str, Any]]:
    trial = Trial(window)
    return [trial.judge(one)[0] for one in lines]


def test_each_line_gets_a_verdict_with_its_story_and_evidence() -> None:
    first, copy, development, other = judged(
        line("a", TITLE),
        line("b", f"UPDATE 1-{TITLE}", hours=1),
        line("c", "Armenian parliament to debate railway agreement with Azerbaijan", hours=2),
        line("d", "Mayor closes school in Gori", hours=3),
    )
    assert (first["story"], first["verdict"], first["of"]) == ("a", "new", None)
    assert (copy["story"], copy["lead"], copy["verdict"], copy["of"]) == ("a", "a", "copy", "a")
    assert (development["story"], development["lead"], development["verdict"]) == ("a", "c", "development")
    assert (other["story"], other["verdict"]) == ("d", "new")
    assert all(0 <= told["score"] <= 100 and told["evidence"] for told in (first, copy, development, other))


def test_the_window_says_how_far_back_a_copy_may_join() -> None:
    lines = [line(1, TITLE), line(2, TITLE, hours=30)]
    assert [told["verdict"] for told in judged(*lines)] == ["new", "copy"]
    assert [told["verdict"] for told in judged(*lines, window=timedelta(hours=24))] == ["new", "new"]


def test_a_copy_of_a_copy_keeps_the_window_open() -> None:
    lines = [line(day, TITLE, hours=48 * day) for day in range(4)]
    assert [told["verdict"] for told in judged(*lines)] == ["new", "copy", "copy", "copy"]


def test_a_window_forgets_what_is_too_old_to_be_found() -> None:
    window = Window(timedelta(hours=1))
    for hour in range(5):
        seen = START + timedelta(hours=hour)
        window.add(Candidate(hour, hour, hour, "f", "o", seen, _PRINT), (1, 2))
    assert [one.entry for one in window.near((1, 2), now=START + timedelta(hours=4))] == [3, 4]
    assert len(window._older._candidates) + len(window._newer._candidates) <= 4


_PRINT = Fingerprint(("a",), ("a",), frozenset(), "", "", summary=False)

TIMES = ["2026-03-02T09:00:00Z", "2026-03-02T09:00:00", "2026-03-02T13:00:00+04:00", START.timestamp()]


@pytest.mark.parametrize("time", TIMES)
def test_times_are_iso_8601_or_seconds(time: str | float) -> None:
    later = line(2, TITLE, hours=71.9)
    assert judged(json.dumps({"id": 1, "published": time, "title": TITLE}), later)[1]["verdict"] == "copy"


FAULTS = [
    ("{", "no JSON"),
    ("[" * 100_000, "no JSON"),
    ("[1]", "no JSON object"),
    ("{}", "without id and published and title"),
    ('{"id": "x", "title": "t", "published": "yesterday"}', "published is 'yesterday'"),
    ('{"id": "x", "title": "t", "published": 1e99}', "published is 1e+99"),
    ('{"id": "x", "title": "t", "published": true}', "published is True"),
    ('{"id": "x", "title": ["t"], "published": 0}', "title is no text"),
    ('{"id": {}, "title": "t", "published": 0}', "id is neither"),
    (line("a", TITLE), "'a' has been used before"),
]


@pytest.mark.parametrize(("broken", "named"), FAULTS)
def test_a_line_that_is_no_entry_is_refused_and_changes_nothing(broken: str, named: str) -> None:
    trial = Trial()
    trial.judge(line("a", TITLE))
    with pytest.raises(ValueError, match=re.escape(named)):
        trial.judge(broken)
    assert trial.judge(line("b", TITLE, hours=1))[0]["of"] == "a"


# ---- the command -------------------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["stories", *arguments])
    return int(ended.value.code or 0)


def test_the_command_judges_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "entries.jsonl"
    file.write_text("\n".join([line("a", TITLE), "", line("b", TITLE, hours=1)]), "utf-8")
    assert run("try", "--jsonl", str(file)) == 0
    told = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert [one["verdict"] for one in told] == ["new", "copy"]


def test_broken_lines_are_named_by_their_number_and_the_rest_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "entries.jsonl"
    file.write_text("\n".join([line("a", TITLE), "nonsense", line("b", TITLE, hours=1, label=3)]), "utf-8")
    assert run("try", "--jsonl", str(file), "--window", "2") == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "line 2: no JSON" in err
    assert "line 3: note: 'label' is not read" in err
    assert "1 line could not be judged" in err


def test_a_file_that_is_not_there_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("try", "--jsonl", "/nowhere/at.jsonl") == 2
    assert capsys.readouterr().err.startswith("monitor: /nowhere/at.jsonl: cannot be read")


def test_the_command_reads_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(line("a", TITLE)))
    assert run("try", "--jsonl", "-") == 0
    assert json.loads(capsys.readouterr().out)["story"] == "a"


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path) -> None:
    """With stderr on a terminal and stdout in a file, as in `monitor stories try … > verdicts.jsonl`."""
    file, out = tmp_path / "entries.jsonl", tmp_path / "verdicts.jsonl"
    file.write_text("\n".join(line(number, f"{TITLE} {number}") for number in range(450)), "utf-8")
    ours, theirs = pty.openpty()
    with out.open("wb") as verdicts:
        command = [sys.executable, "-m", "monitor", "stories", "try", "--jsonl", str(file)]
        shown = subprocess.run(command, stdout=verdicts, stderr=theirs, timeout=60, check=False)
    os.close(theirs)
    assert shown.returncode == 0
    assert "entries judged" in os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert len(out.read_text("utf-8").splitlines()) == 450
