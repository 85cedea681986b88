"""Lists of other programs, in files as these programs write them, taken over; and what cannot be, named."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import config, migration
from monitor.cli.main import main, monitor
from monitor.errors import ConfigError, ParseError, UsageError
from tests.desks import rss
from tests.web_server import WebServer

FILES = Path(__file__).parent / "data" / "migration"
RECEIVERS = "receivers: {me: 'json://localhost/', duty: 'json://127.0.0.1/'}\n"


def read(name: str) -> migration.Taken:
    return migration.read((FILES / name).read_bytes())


def test_feeds_of_rss2email_keep_their_names_and_what_is_off_stays_off() -> None:
    taken = read("rss2email.cfg")
    assert taken.kind == "rss2email"
    assert [(one.text, one.url) for one in taken.feeds] == [
        ("halden-wire", "https://wire.example.org/world.rss"),
        ("Kura Post (English)", "https://kura.example.org/feed/?lang=en&sort=new"),
    ]
    assert taken.left_out == (
        "https://gazette.example.org/atom.xml: is not active in rss2email",
        "half-written: has no url",
    )


def test_what_urlwatch_watches_is_a_feed_a_page_or_nothing_for_us() -> None:
    taken = read("urls.yaml")
    assert [(one.text, one.url) for one in taken.feeds] == [
        ("Halden Wire", "https://wire.example.org/world.rss")
    ]
    assert [one.url for one in taken.pages] == [
        "https://ministry.example.org/press",
        "https://parliament.example.org/votes",
        "https://port.example.org/sitemap",
    ]
    assert taken.left_out == ("Disk: runs a command", "https://search.example.org/find: sends a form")


def test_addresses_a_line_carry_names_and_tags() -> None:
    taken = read("newsboat-urls")
    assert [(one.text, one.url, one.tags) for one in taken.feeds] == [
        ("Halden Wire", "https://wire.example.org/world.rss", ("world",)),
        ("", "https://kura.example.org/feed", ("caucasus", "long reads")),
    ]
    assert taken.left_out == ('"query:Unread:unread = \\"yes\\"": is no address',)


def test_opml_is_read_as_ever() -> None:
    nested = (
        b'\xef\xbb\xbf\n<opml version="2.0"><body><outline text="Caucasus"><outline text="Agencies">'
        b'<outline text="Wire" xmlUrl="https://wire.example.org/"/></outline></outline></body></opml>'
    )
    (feed,) = migration.read(nested).feeds
    assert (feed.text, feed.tags) == ("Wire", ("caucasus", "agencies"))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe\x00", "the list is no text in UTF-8"),
        (b"<html></html>", "no OPML"),
        (b"[feed.a]\nurl\n", "this configuration of rss2email cannot be read"),
        (b"url: [\n", "this list of urlwatch cannot be read"),
        (b"once upon a time\n", "no addresses a line"),
        (b"", "no list: the file is empty"),
        (b"\xef\xbb\xbf \n", "no list: the file is empty"),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        migration.read(content)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_file_is_a_list_or_refused(content: bytes) -> None:
    with suppress(ParseError):
        migration.read(content)


# ---- the command -------------------------------------------------------------------------------------------


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "receivers.yaml").write_text(RECEIVERS)
    return tmp_path / "rules"


def test_a_list_is_taken_over_without_what_is_there(rules: Path) -> None:
    words = ["--rules", str(rules), "--json"]
    asked = CliRunner().invoke(monitor, ["feeds", "import", str(FILES / "rss2email.cfg"), *words])
    assert [one["name"] for one in json.loads(asked.stdout)["added"]] == ["halden-wire", "kura-post-english"]
    again = json.loads(
        CliRunner().invoke(monitor, ["feeds", "import", str(FILES / "urls.yaml"), *words]).stdout
    )
    assert again["kind"] == "urlwatch"
    assert again["added"] == []
    assert "https://wire.example.org/world.rss: it is there already" in again["left_out"]
    assert (
        "https://ministry.example.org/press: a page, it seems: --check looks for its feed"
        in again["left_out"]
    )
    kept = config.load_desk(rules, env={}, secrets_required=True)
    assert [feed.outlet for feed in kept.feeds] == ["halden-wire", "Kura Post (English)"]
    assert "100%secret" not in (rules / "feeds-added.yaml").read_text()


@pytest.mark.parametrize("list_", ["[feed.a]\nurl = {}\n", "{}\n", "url: {}\n"])
def test_of_lists_that_call_no_host_private_the_operators_word_is_enough(
    rules: Path, tmp_path: Path, list_: str
) -> None:
    (tmp_path / "list").write_text(list_.format("http://10.0.0.1/feed.xml"))
    words = ["feeds", "import", str(tmp_path / "list"), "--rules", str(rules), "--json"]
    assert CliRunner().invoke(monitor, [*words, "--allow-private"]).exit_code == 0
    (feed,) = config.load_desk(rules, env={}, secrets_required=True).feeds
    assert feed.allow_private


def test_the_feed_behind_a_page_that_urlwatch_watches_is_found(rules: Path) -> None:
    with WebServer() as web:
        web.serve("/feed", rss("One"), {"Content-Type": "application/rss+xml"})
        page = b"<html><head><link rel=alternate type='application/rss+xml' href='/feed'></head></html>"
        web.serve("/press", page, {"Content-Type": "text/html"})
        web.serve("/feed/", b"", status=404)
        web.serve("/bare", b"<html>nothing here</html>", {"Content-Type": "text/html"})
        jobs = [("Press", "/press"), ("Bare", "/bare"), ("Gone", "/gone")]
        (rules.parent / "urls.yaml").write_text(
            "---\n".join(f"name: {name}\nurl: {web.url(path)}\n" for name, path in jobs)
        )
        words = ["import", str(rules.parent / "urls.yaml"), "--check", "--allow-private", "--rules"]
        command = [sys.executable, "-m", "monitor", "feeds", *words, str(rules)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "1 feed added to" in done.stdout
    assert "/gone: answered 404" in done.stdout
    (feed,) = config.load_desk(rules, env={}, secrets_required=True).feeds
    assert (feed.name, feed.url) == ("press", web.url("/feed"))


# ---- phrases -----------------------------------------------------------------------------------------------


def fired(rules: Path, *texts: str) -> list[list[str]]:
    """The rules that each text fires."""
    given = "\n".join(json.dumps({"title": text}) for text in texts)
    words = ["rules", "try", "--jsonl", "-", "--json", "--rules", str(rules)]
    done = CliRunner().invoke(monitor, words, input=given, standalone_mode=False)
    if done.exception:
        raise done.exception
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return [sorted(one["fired"]) for one in told]


def test_phrases_become_rules_that_find_what_the_service_found(rules: Path) -> None:
    text, left_out = migration.as_rules((FILES / "phrases.txt").read_text("utf-8"), send=["me", "duty"])
    (rules / "phrases.yaml").write_text(text, "utf-8")
    assert len(config.load_desk(rules, env={}, secrets_required=True).rulebook.rules) == 7
    assert fired(
        rules,
        "A peace agreement is near",
        "Railway through Zangezur is built",
        "Railway through Zangezur opens with football",
        "Ilham Aliyev speaks in Baku",
        "Ilham Aliyev speaks in Paris",
        "Ceasefire holds",
        "Port workers strike",
        "Հայաստան",
        "AT&T merger fails",
    ) == [
        ["peace-treaty"],
        ["railway"],
        [],
        ["ilham-aliyev"],
        [],
        ["ceasefire"],
        ["ferry"],
        ["phrase"],
        ["at-t"],
    ]
    assert left_out == (
        'line 9: "site:" is not of the text: write sources: in the rule',
        'line 10: "*" is no phrase of a rule: "*" has no meaning here',
        "line 11: its brackets hold more than a list of phrases",
        "line 12: a quotation mark is never closed",
        "line 13: says only what is not wanted",
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("(a1 OR b1", "a bracket is never closed"),
        ("a1)", "its brackets hold more"),
        ("-(a1 OR b1) c1", "its brackets hold more"),
        ("a1 OR (b1 OR c1)", "its brackets hold more"),
        ("intitle:a1 b1", "in the title only"),
        ('""', "is no phrase of a rule"),
        ("AND", "holds no phrase, only AND"),
        ("OR |", "holds no phrase, only OR |"),
    ],
)
def test_a_line_that_no_rule_says_is_left_out_with_the_reason(line: str, why: str) -> None:
    text, left_out = migration.as_rules(line, send=["me"])
    assert text == ""
    assert why in left_out[0]


def test_a_line_that_stands_twice_is_one_rule() -> None:
    text, left_out = migration.as_rules("peace treaty\nferry\npeace  treaty\n", send=["me"])
    assert text.count("- id:") == 2
    assert left_out == ("line 3: asks for the same as line 1",)


@settings(max_examples=25, deadline=None)
@given(content=st.text("ab1 \"()|-:*$,OR+'é\n", max_size=60))
def test_whatever_stands_in_the_list_the_rules_have_no_mistake(
    content: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, _ = migration.as_rules(content, send=["me"])
    folder = tmp_path_factory.mktemp("rules")
    (folder / "all.yaml").write_text(RECEIVERS + text, "utf-8")
    try:
        config.load_desk(folder, env={}, secrets_required=True)
    except ConfigError as error:
        pytest.fail(f"{content!r}: {error}")


def test_the_command_prints_rules_and_says_on_stderr_what_is_missing(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rules / "rules.yaml").write_text("rules: [{id: railway, any: [railway], send: me}]\n")
    with pytest.raises(SystemExit) as ended:
        main(["rules", "import", str(FILES / "phrases.txt"), "--send", "me", "--rules", str(rules)])
    assert ended.value.code == 0
    shown = capsys.readouterr()
    assert "  - id: railway-2\n" in shown.out
    assert shown.err.splitlines()[-1] == "7 rules, 5 left out"


def test_a_list_without_any_phrase_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("# nothing yet\n")
    words = ["rules", "import", str(tmp_path / "list"), "--send", "me"]
    with pytest.raises(UsageError, match=r"no line makes a rule \(it is empty\)"):
        CliRunner().invoke(monitor, words, standalone_mode=False, catch_exceptions=False)
    told = CliRunner().invoke(monitor, [*words, "--json"], standalone_mode=False).stdout
    assert json.loads(told) == {"yaml": "", "left_out": []}
