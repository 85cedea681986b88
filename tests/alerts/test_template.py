"""Templates: ours are used until the operator's are without mistakes, and whenever theirs fail."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.alerts import sample
from monitor.alerts.compose import AGAIN, compose
from monitor.alerts.telling import telling
from monitor.alerts.template import NAMES, SHIPPED, Templates
from monitor.config import load_desk, restored_desk, signature
from monitor.errors import ConfigError
from monitor.sources import unpacked

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
receivers: {mail: "json://127.0.0.1:9/"}
rules: [{id: peace, title: Peace, any: [peace], send: [mail]}]
feeds: []
"""
NEW, DEVELOPMENT, MILESTONE = sample.claims("mail")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "desk.yaml").write_text(RULES)
    (tmp_path / "templates").mkdir()
    return tmp_path


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_desk(folder, env={}, secrets_required=True)
    return [str(fault).replace(f"{folder}/", "") for fault in caught.value.faults]


def test_what_is_put_into_the_folder_stands_for_ours(desk: Path) -> None:
    (desk / "templates" / "chat.txt").write_text("{{ severity | upper }}: {{ headline }} ({{ outlet }})\n")
    templates = load_desk(desk, env={}, secrets_required=True).templates
    chat = compose(NEW, chat=True, now=sample.MOMENT, templates=templates)
    assert chat.body == "HIGH: Ministers agree to reopen the railway by spring (The Example Wire)"
    mail = compose(NEW, chat=False, now=sample.MOMENT, templates=templates)
    assert mail == compose(NEW, chat=False, now=sample.MOMENT)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("chat.txt", "one\n{% if %}", "templates/chat.txt:2:1: this template fails: Expected an expression"),
        (
            "chat.txt",
            "{{ headline }}\n\n{{ hedline }}",
            "templates/chat.txt:3:1: this template fails: 'hedline'",
        ),
        ("mail.txt", "{{ reasons[7].title }}", "templates/mail.txt:1:1: this template fails:"),
        ("digest.txt", "{{ sections[0].tittle }}", "templates/digest.txt:1:1: this template fails:"),
        ("mail.html", "\n{{ 1 / 0 }}", "templates/mail.html:2:1: this template fails: division by zero"),
        ("chat.txt", "{{ headline.__class__ }}", "templates/chat.txt:1:1: this template fails: access to"),
        (
            "chat.txt",
            '{% include "/etc/passwd" %}',
            "templates/chat.txt:1:1: this template fails: /etc/passwd",
        ),
        ("chat.text", "x", 'templates/chat.text:1:1: is no template\'s name - did you mean "chat.txt"?'),
        ("mail.txt", b"\xff", "templates/mail.txt:1:1: cannot be read (UnicodeDecodeError)"),
    ],
)
def test_a_mistake_is_told_with_its_line(desk: Path, name: str, text: str | bytes, said: str) -> None:
    (desk / "templates" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    (found,) = faults(desk)
    assert found.startswith(said)


def test_a_template_that_fails_on_a_kind_of_message_is_a_mistake_too(desk: Path) -> None:
    (desk / "templates" / "chat.txt").write_text('{% if kind == "milestone" %}{{ nothing }}{% endif %}x')
    assert "'nothing' is undefined" in faults(desk)[0]


def test_files_of_editors_are_passed_over(desk: Path) -> None:
    for name in (".chat.txt.swp", "chat.txt~"):
        (desk / "templates" / name).write_text("{% if %}")
    assert load_desk(desk, env={}, secrets_required=True).sources.templates == {}


def test_what_fails_on_a_message_is_sent_as_we_would_and_complained_of_once() -> None:
    complaints: list[tuple[str, str]] = []
    own = {"chat.txt": "{{ headline }}\n{{ 1 // (outlets - 1) }}"}
    templates = Templates(own, complain=lambda name, what: complaints.append((name, what)))
    for _ in range(3):
        assert compose(NEW, chat=True, now=sample.MOMENT, templates=templates) == compose(
            NEW, chat=True, now=sample.MOMENT
        )
    assert len(complaints) == 1
    assert complaints[0][0] == "chat.txt"
    assert complaints[0][1].startswith("line 2: ")
    assert compose(MILESTONE, chat=True, now=sample.MOMENT, templates=templates).body.endswith("\n0")


def test_the_desk_complains_in_the_log(desk: Path, caplog: pytest.LogCaptureFixture) -> None:
    (desk / "templates" / "mail.txt").write_text("{{ headline }}{{ 1 // (6 - outlets) }}")
    templates = load_desk(desk, env={}, secrets_required=True).templates
    facts = {**telling(NEW, now=sample.MOMENT).facts(), "outlets": 6}
    assert templates.render("mail.txt", facts).startswith("Ministers agree")
    assert "template=mail.txt outcome=failed ours is used instead: line 1" in caplog.text


def test_what_a_chat_would_act_on_is_defused_in_the_operators_template_too() -> None:
    templates = Templates({"chat.txt": "<!channel> [x](https://evil.example) {{ headline }}"})
    body = compose(NEW, chat=True, now=sample.MOMENT, templates=templates).body
    assert body.startswith("<\u200d!channel> [x]\u200d(https")


def test_a_page_escapes_what_stands_in_it(desk: Path) -> None:
    (desk / "templates" / "mail.html").write_text("<p>{{ headline }}</p>")
    templates = load_desk(desk, env={}, secrets_required=True).templates
    facts = {**telling(NEW, now=sample.MOMENT).facts(), "headline": "<b>&", "subject": ""}
    assert templates.render("mail.html", facts) == "<p>&lt;b&gt;&amp;</p>"


def test_templates_are_kept_with_the_desk_and_watched(desk: Path) -> None:
    before = signature(desk)
    (desk / "templates" / "chat.txt").write_text("{{ headline }}")
    assert signature(desk) != before
    loaded = load_desk(desk, env={}, secrets_required=True)
    kept = unpacked(loaded.sources.packed())
    (desk / "templates" / "chat.txt").write_text("{% if %}")
    restored = restored_desk(kept, desk, env={})
    assert compose(NEW, chat=True, now=sample.MOMENT, templates=restored.templates).body.startswith(
        "Ministers"
    )
    assert unpacked(json.dumps({"roots": [], "articles": {}})).templates == {}


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("digest")])
@pytest.mark.parametrize("claim", [NEW, DEVELOPMENT, MILESTONE], ids=["new", "development", "milestone"])
def test_ours_say_all_that_a_reader_needs(name: str, claim: object) -> None:
    told = telling(claim, now=sample.MOMENT + timedelta(minutes=3))  # type: ignore[arg-type]  # of the sample
    facts = {**told.facts(), "subject": "S", "notes": ("Acknowledge it: monitor ack 1",)}
    text = Templates().render(name, facts)
    for fact in (told.headline, told.severity, told.link, "monitor silence add --story", "Railway agreement"):
        assert fact in text
    assert "Acknowledge it" in text
    assert (AGAIN in text) == told.again
    if told.kind == "new":
        assert "15 min ago" in text
        assert ("[railway agreement]" in text) == name.endswith("txt")


def test_our_page_fetches_nothing_and_links_only_to_the_article() -> None:
    page = compose(NEW, chat=False, now=sample.MOMENT).html
    assert (
        page.count("href=") == page.count('href="https://example.org/railway" rel="noopener noreferrer"') == 2
    )
    for what in ("src=", "url(", "<link", "<script", "<table", "@import", "http://"):
        assert what not in page
    assert "prefers-color-scheme: dark" in page


def test_nothing_is_shipped_without_a_name() -> None:
    assert set(SHIPPED) == set(NAMES)
