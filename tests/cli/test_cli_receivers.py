"""`monitor receivers`: who is there, and what becomes of a test message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from monitor.cli.main import main
from monitor.demo.sinks import ChatSink, MailSink
from tests.web_server import Response, WebServer, reset

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
feeds: []
rules: [{id: peace, title: Peace, any: [peace], send: [desk]}]
settings: {operators: duty}
"""


def folder(tmp_path: Path, **urls: str) -> Path:
    """A desk with the receiver `desk` and those given."""
    named = {
        "desk": "json://127.0.0.1:9/s3cretpath",
        "duty": "mailto://localhost?from=a@b.org&to=c@d.org",
        **urls,
    }
    (tmp_path / "receivers.yaml").write_text(json.dumps({"receivers": named}))
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of `monitor receivers …`."""
    with pytest.raises(SystemExit) as caught:
        main(["receivers", *words])
    said = capsys.readouterr()
    return int(caught.value.code or 0), said.out, said.err


def test_the_list_says_what_each_is_and_who_sends_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said, _ = run(capsys, "list", "--rules", str(folder(tmp_path)))
    assert status == 0
    assert said.splitlines() == [
        "desk                 JSON: peace",
        "duty                 E-Mail, the operators': no rule sends here",
    ]


def test_the_list_is_there_for_machines_and_says_what_was_not_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(folder(tmp_path, phone="${env:NO_SUCH_SECRET}"))
    _, said, _ = run(capsys, "list", "--json", "--rules", place)
    found = json.loads(said)
    assert [row["name"] for row in found["receivers"]] == ["desk", "duty"]
    assert found["receivers"][1] == {
        "name": "duty", "service": "E-Mail", "mail": True, "operators": True, "rules": []
    }  # fmt: skip
    assert "NO_SUCH_SECRET is not set" in found["notes"][0]
    assert "s3cret" not in said
    assert "note: " in run(capsys, "list", "--rules", place)[1]


def test_a_test_message_arrives_and_says_that_it_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with MailSink("mail") as mail, ChatSink("chat") as chat:
        place = str(folder(tmp_path, mail=mail.url, chat=chat.url))
        for name in ("mail", "chat"):
            status, said, _ = run(capsys, "test", name, "--rules", place)
            assert status == 0
            assert said.startswith(f"{name}: accepted.")
        arrived = [*mail.arrivals, *chat.arrivals]
    assert ["Test: this alert is invented" in arrival.body for arrival in arrived] == [True, True]


def test_a_refusal_is_told_with_the_services_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with WebServer() as web:
        web.answer("/s3cret", lambda _: Response(b"/s3cret is no hook", status=410))
        place = str(folder(tmp_path, hook=f"json://127.0.0.1:{web.port}/s3cret"))
        status, said, _ = run(capsys, "test", "hook", "--rules", place)
    assert status == 1
    assert said.startswith("hook: refused, nothing arrived: ")
    assert "410" in said
    assert "s3cret" not in said


def test_what_may_have_arrived_is_said_to_be_uncertain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with WebServer() as web:
        web.raw("/hook", reset)
        place = str(folder(tmp_path, hook=f"json://127.0.0.1:{web.port}/hook"))
        status, said, _ = run(capsys, "test", "hook", "--json", "--rules", place)
        _, in_words, _ = run(capsys, "test", "hook", "--rules", place)
    assert status == 1
    assert json.loads(said)["outcome"] == "uncertain"
    assert in_words.startswith("hook: uncertain, it may have arrived: ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dask", 'there is no receiver "dask" whose address is here - did you mean "desk"?'),
        ("zzz", 'there is no receiver "zzz" whose address is here - there are: desk, duty'),
        ("phone", "$NO_SUCH_SECRET is not set"),
    ],
)
def test_a_receiver_that_is_not_there_is_named_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    place = str(folder(tmp_path, phone="${env:NO_SUCH_SECRET}"))
    status, _, error = run(capsys, "test", name, "--rules", place)
    assert status == 2
    assert said in error
