"""Changed rules: noticed, refused, kept across a restart, and never fired on what is old."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import config, pipeline
from monitor.engine import Engine
from monitor.errors import ConfigError
from monitor.model import Feed, FeedState
from monitor.rules import document
from monitor.rules.tenure import Standing, Tenure, tenures
from monitor.sources import unpacked
from monitor.store.store import Store
from tests.desks import NEWS, OLD, RULES, Desk, eventually, serve_feed
from tests.fakes import START, FakeClock, FakeOutlet, Item, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.demo.sinks import ChatSink, MailSink
    from monitor.rules.rulebook import Rulebook
    from tests.web_server import WebServer

BROKEN = RULES.replace("any:", "ayn:")


# ---- the daemon ------------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path, web: WebServer, sinks: tuple[MailSink, ChatSink]) -> Desk:
    mail, chat = sinks
    made = Desk(tmp_path, {"mail": mail.url, "chat": chat.url}, {"wire": web.url("/feed")})
    (made.rules / "settings.yaml").write_text("settings: {operators: chat}\n")
    return made


def status(desk: Desk) -> dict[str, object]:
    found: dict[str, object] = json.loads(desk.call("status", "--json").stdout)["rules"]
    return found


def test_a_changed_file_is_read_by_itself_and_mistakes_are_told_once(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=fresh" in desk.log)
        (desk.rules / "rules.yaml").write_text(BROKEN)
        eventually(lambda: "outcome=reload-refused" in desk.log)
        eventually(lambda: sinks[1].arrivals)
        said = status(desk)
        assert "unknown key" in str(said["mistakes"])
        assert said["refused"] is not None
        assert "the files were refused" in desk.call("status").stdout
        (desk.rules / "rules.yaml").write_text(BROKEN + "# still broken\n")
        eventually(lambda: desk.log.count("outcome=reload-refused") == 2)
        (desk.rules / "rules.yaml").write_text(RULES.replace("peace agreement]", "peace agreement, bakery]"))
        eventually(lambda: "outcome=reloaded" in desk.log)
        assert status(desk)["refused"] is None
        serve_feed(web, OLD, "A new bakery opens in the old town")
        eventually(lambda: sinks[0].arrivals)
        daemon.terminate()
    told = [arrival for arrival in sinks[1].arrivals if "have mistakes" in str(arrival)]
    assert len(told) == 1
    assert 'unknown key "ayn"' in str(told[0])


def test_a_start_on_broken_files_runs_on_what_was_good_last(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=fresh" in desk.log)
        daemon.terminate()
    (desk.rules / "rules.yaml").write_text(BROKEN)
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=started-on-last-good" in desk.log)
        serve_feed(web, OLD, NEWS)
        eventually(lambda: sinks[0].arrivals)
        assert status(desk)["refused"] is not None
        (desk.rules / "rules.yaml").write_text(RULES)
        eventually(lambda: "outcome=reloaded" in desk.log)
        daemon.terminate()
    assert status(desk)["refused"] is None


def test_a_single_pass_on_broken_files_works_with_what_was_good_last_and_says_so(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    assert desk.command("run", "--once").returncode == 0
    (desk.rules / "rules.yaml").write_text(BROKEN)
    serve_feed(web, OLD, NEWS)
    done = desk.command("run", "--once")
    assert done.returncode == 78
    assert 'unknown key "ayn"' in done.stderr
    assert "1 mistake in your files (named above)" in done.stderr
    assert "1 alert" in done.stdout
    assert sinks[0].arrivals
    assert status(desk)["refused"] is not None
    again = desk.command("run", "--once", "--json")
    assert [fault["line"] for fault in json.loads(again.stdout)["faults"]]
    assert ["what was good last" in str(one).lower() for one in sinks[1].arrivals].count(True) == 1
    (desk.rules / "rules.yaml").write_text(RULES)
    assert desk.command("run", "--once").returncode == 0
    assert status(desk)["refused"] is None


def test_a_first_start_on_broken_files_is_refused(desk: Desk) -> None:
    (desk.rules / "rules.yaml").write_text(BROKEN)
    done = desk.command("run")
    assert done.returncode == 78
    assert 'unknown key "ayn"' in done.stderr


# ---- what is kept ----------------------------------------------------------------------------------------


def folder_of(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    return tmp_path


def test_a_kept_desk_is_the_desk_but_for_addresses_that_may_hold_passwords(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path,
        receivers='receivers: {mail: "json://u:hush-hush@h/", chat: "${env:CHAT}"}\n',
        rules="rules: [{id: a, any: [peace], send: [mail, chat], examples: {match: [{file: a.txt}]}}]\n",
    )
    (tmp_path / "a.txt").write_text("Peace at last\n")
    env = {"CHAT": "json://chat/"}
    desk = config.load_desk(folder, env=env, secrets_required=True)
    packed = desk.sources.packed()
    assert "hush-hush" not in packed
    (tmp_path / "a.txt").unlink()
    (tmp_path / "rules.yaml").write_text("rules: [{id: a, ayn: [peace], send: mail}]\n")
    again = config.restored_desk(unpacked(packed), folder, env=env)
    assert again.rulebook.hash == desk.rulebook.hash
    assert again.receivers == desk.receivers
    (tmp_path / "receivers.yaml").write_text('receivers: {mail: "no such address"}\n')
    poorer = config.restored_desk(unpacked(packed), folder, env={})
    assert poorer.receivers == ()
    assert len(poorer.notes) == 2
    (tmp_path / "receivers.yaml").unlink()
    assert "was not kept" in str(config.restored_desk(unpacked(packed), folder, env=env).notes)


LITERAL = """\
settings: {operators: duty, alive: "https://alive.example/hush-hush"}
receivers:
  duty: json://u:hush-hush@h/
  two: json://h/
rules: [{id: a, any: [peace], send: [duty, two]}]
"""
ADDRESS, ALIVE = "json://u:hush-hush@h/", '"https://alive.example/hush-hush"'


@pytest.mark.parametrize(
    "mistake",
    [
        "'${DUTY}'",
        "'${env DUTY}'",
        "'${env:DUTY}'",
        "'${env:DUTY'",
        "[json://h/]",
        "{url: {a: b}}",
        "{url: [json://h/]}",
        "{url: '${DUTY}'}",
        "{quiet: 22:00-07:00 UTC}",
        "{url: ''}",
        "{a: b}",
        "''",
        "nonsense",
        "json://",
    ],
)
def test_a_mistake_in_a_receivers_address_leaves_the_desk_that_was_good_last_without_that_receiver_only(
    tmp_path: Path, mistake: str
) -> None:
    packed = config.load_desk(
        folder_of(tmp_path, desk=LITERAL), env={}, secrets_required=True
    ).sources.packed()
    folder_of(tmp_path, desk=LITERAL.replace(ADDRESS, mistake))
    with pytest.raises(ConfigError):
        config.load_desk(tmp_path, env={}, secrets_required=True)
    again = config.restored_desk(unpacked(packed), tmp_path, env={})
    assert [receiver.name for receiver in again.receivers] == ["two"]
    assert again.operators == "duty"
    assert again.alive is not None, "what is right in the files is taken from them"
    (note,) = again.notes
    assert "duty" in note.replace(str(tmp_path), "")
    assert "hush-hush" not in note


@pytest.mark.parametrize(
    "mistake",
    ["'${ALIVE}'", "'${env:ALIVE}'", "[a]", "{url: {a: b}}", "{every: 5 min}", "ftp://h/", "''", "{a: b}"],
)
def test_a_mistake_in_the_address_of_alive_leaves_only_that_unasked(tmp_path: Path, mistake: str) -> None:
    good = config.load_desk(folder_of(tmp_path, desk=LITERAL), env={}, secrets_required=True)
    folder_of(tmp_path, desk=LITERAL.replace(ALIVE, mistake))
    with pytest.raises(ConfigError):
        config.load_desk(tmp_path, env={}, secrets_required=True)
    again = config.restored_desk(unpacked(good.sources.packed()), tmp_path, env={})
    assert again.receivers == good.receivers
    assert again.alive is None
    (note,) = again.notes
    assert "alive" in note.replace(str(tmp_path), "")


@pytest.mark.parametrize("said", [ALIVE, f"{{url: {ALIVE}, every: 10 min}}"])
def test_an_address_of_alive_that_stands_in_the_files_is_asked_after_a_start_on_what_was_good_last(
    tmp_path: Path, said: str
) -> None:
    text = LITERAL.replace(ALIVE, said)
    good = config.load_desk(folder_of(tmp_path, desk=text), env={}, secrets_required=True)
    packed = good.sources.packed()
    assert "hush-hush" not in packed
    folder_of(tmp_path, desk=text.replace("any:", "ayn:"))
    again = config.restored_desk(unpacked(packed), tmp_path, env={})
    assert (again.alive, again.notes) == (good.alive, ())


SCALARS = st.text(max_size=9).map(lambda text: document.Node("f", 1, 2, "scalar", text, inset=None))
NODES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: document.Node("f", 3, 4, "list", items=tuple(items)))
        | st.lists(st.tuples(SCALARS, inner), max_size=3).map(
            lambda pairs: document.Node("f", 5, 6, "map", pairs=tuple(pairs))
        )
    ),
    max_leaves=9,
)


@given(NODES)
def test_a_node_that_was_packed_is_the_same_again(node: document.Node) -> None:
    assert document.unpacked("f", json.loads(json.dumps(document.packed(node)))) == node


def test_operators_must_be_a_receiver_that_there_is(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path, all='settings: {operators: mial}\nreceivers: {mail: "json://h/"}\nrules: []\n'
    )
    with pytest.raises(ConfigError, match='there is no receiver "mial" - did you mean "mail"'):
        config.load_desk(folder, env={}, secrets_required=True)


def test_a_file_that_changes_in_any_way_changes_the_signature(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, a="rules: []\n")
    seen = [config.signature(folder)]
    (tmp_path / "a.yaml").write_text("rules: [ ]\n")
    seen.append(config.signature(folder))
    (tmp_path / "b.yaml").write_text("rules: []\n")
    seen.append(config.signature(folder))
    (tmp_path / "b.yaml").rename(tmp_path / "c.yaml")
    seen.append(config.signature(folder))
    (tmp_path / "c.yaml").unlink()
    (tmp_path / "d.yaml").symlink_to("nowhere")
    seen.append(config.signature(folder))
    assert len(set(seen)) == len(seen)


# ---- tenure ----------------------------------------------------------------------------------------------

ONE = "rules:\n  - {id: one, any: [ceasefire], send: mail}\n"
WIDER = "rules:\n  - {id: one, any: [ceasefire, bakery], send: mail}\n"
RENAMED = "rules:\n  - {id: two, was: one, any: [ceasefire], send: mail}\n"
HOUR = timedelta(hours=1)


def test_a_rule_is_as_old_as_what_it_looks_for() -> None:
    first = tenures(rules(ONE), {}, now=START)
    assert first["one"].since == START
    louder = "rules:\n  - {id: one, title: T, any: [ceasefire], severity: high, send: [mail, chat]}\n"
    assert tenures(rules(louder), first, now=START + HOUR)["one"].since == START
    assert tenures(rules(WIDER), first, now=START + HOUR)["one"].since == START + HOUR


def test_was_carries_tenure_over_a_rename_and_another() -> None:
    first = tenures(rules(ONE), {}, now=START)
    second = tenures(rules(RENAMED), first, now=START + HOUR)
    assert second == {"two": Tenure(first["one"].content, START, ("one",))}
    third = RENAMED.replace("two, was: one", "three, was: two")
    assert tenures(rules(third), second, now=START + 2 * HOUR)["three"].former == ("one", "two")
    without = RENAMED.replace(" was: one,", "")
    assert tenures(rules(without), second, now=START + 2 * HOUR)["two"].former == ("one",)


def test_a_name_that_changes_makes_the_rules_that_use_it_new_and_no_other() -> None:
    text = (
        "names: {a: {full: [Alpha]}}\nterms: {b: {words: [beta]}}\n"
        "rules:\n  - {id: a, when: $a, send: mail}\n  - {id: b, when: $b, send: mail}\n"
    )
    first = tenures(rules(text), {}, now=START)
    wider = text.replace("Alpha]", "Alpha, Альфа]")
    second = tenures(rules(wider), first, now=START + HOUR)
    assert [tenure.since for tenure in second.values()] == [START + HOUR, START]


class Newsroom:
    """Two outlets, a store, and a rulebook that changes."""

    def __init__(self, folder: Path, text: str) -> None:
        self.clock = FakeClock()
        self.outlets = [FakeOutlet(Feed(name, f"https://{name}.example/", name)) for name in ("a", "b")]
        self.store = Store(folder)
        self.store.sync_feeds([outlet.feed for outlet in self.outlets], first_poll=lambda _: START)
        self.book: Rulebook = rules(text)
        self.standing = Standing()
        self.change(text)
        self.poll()

    def change(self, text: str) -> None:
        self.clock.advance(HOUR)
        self.book = rules(text)
        held = tenures(self.book, self.store.tenures(), now=self.clock.now)
        self.store.keep_tenures(held)
        self.standing = Standing(held)

    def publish(self, outlet: int, item: Item) -> int:
        """How many alerts there are after this was published and polled."""
        kept = [one for one in self.outlets[outlet].items if one.guid != item.guid]
        self.outlets[outlet].items = [*kept, item]
        return self.poll()

    def poll(self) -> int:
        self.clock.advance(HOUR)
        for outlet in self.outlets:
            state = self.store.feed_states([outlet.feed.name]).get(outlet.feed.name, FeedState())
            pipeline.take(
                self.store,
                [outlet.poll(state)],
                rulebook=self.book,
                now=self.clock.now,
                standing=self.standing,
            )
        return self.store.counts()["alerts"]


TEXT = "Bakers of the old town agreed on Tuesday to open a new bakery beside the harbour next spring."
STORY = Item("1", "Old town bakers agree on new bakery beside harbour", TEXT)
COPY = Item("2", "Old town bakers agree on new bakery beside harbour", TEXT)


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path, ONE)
    yield room
    room.store.close()


def test_a_copy_of_an_old_story_fires_no_rule_that_is_younger(newsroom: Newsroom) -> None:
    assert newsroom.publish(0, STORY) == 0
    newsroom.change(WIDER)
    assert newsroom.publish(1, COPY) == 0
    assert newsroom.store.counts()["copies"] == 1
    assert newsroom.publish(1, Item("3", "Another bakery burns down in the north of the country")) == 1


def test_a_copy_of_an_old_story_fires_a_rule_that_was_there(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, WIDER)
    assert room.publish(0, STORY) == 1
    room.change(WIDER + "  - {id: new, any: [harbour], send: mail}\n")
    assert room.publish(1, COPY) == 1
    room.store.close()


def test_what_a_copy_brings_for_the_first_time_is_news_to_a_new_rule(newsroom: Newsroom) -> None:
    assert newsroom.publish(0, STORY) == 0
    newsroom.change(ONE.replace("ceasefire]", "ceasefire, croissant]"))
    longer = Item("2", STORY.title, TEXT + " The first croissant will be free for all.")
    assert newsroom.publish(1, longer) == 1


def test_an_edit_of_an_old_entry_fires_a_new_rule_only_by_what_it_adds(newsroom: Newsroom) -> None:
    assert newsroom.publish(0, STORY) == 0
    newsroom.change(ONE.replace("ceasefire]", "ceasefire, bakery, croissant]"))
    assert newsroom.publish(0, Item("1", STORY.title, TEXT + " It was said.")) == 0
    newsroom.change(ONE.replace("ceasefire]", "ceasefire, croissant]"))
    assert newsroom.publish(0, Item("1", STORY.title, TEXT + " A croissant is free.")) == 1


def test_a_renamed_rule_tells_nothing_again(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, WIDER)
    assert room.publish(0, STORY) == 1
    room.change(WIDER.replace("id: one", "id: two, was: one"))
    assert room.publish(1, COPY) == 1
    room.store.close()


def test_the_engine_puts_tenures_in_force_with_the_rules(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "state").mkdir()
    folder = folder_of(tmp_path / "rules", all='receivers: {mail: "json://h/"}\n' + ONE)
    clock = FakeClock()
    engine = Engine(config.load_desk(folder, env={}, secrets_required=True), tmp_path / "state", clock=clock)
    with Store(tmp_path / "state") as store:
        engine.sync(store)
        clock.advance(HOUR)
        (folder / "all.yaml").write_text('receivers: {mail: "json://h/"}\n' + WIDER)
        engine.install(config.load_desk(folder, env={}, secrets_required=True), store)
    assert engine.standing.youngest == clock.now
    engine.close()


def test_a_contact_that_changed_is_told_from_the_next_poll_on(tmp_path: Path, web: WebServer) -> None:
    desk = Desk(
        tmp_path, {"mail": "json://127.0.0.1:9", "chat": "json://127.0.0.1:9"}, {"wire": web.url("/feed")}
    )
    engine = Engine(config.load_desk(desk.rules, env={}, secrets_required=True), desk.state)
    (desk.rules / "settings.yaml").write_text("settings: {contact: desk@example.org}\n")
    with closing(engine), Store(desk.state) as store:
        engine.sync(store)
        engine.install(config.load_desk(desk.rules, env={}, secrets_required=True), store)
        engine.poll(engine.desk.feeds[0], FeedState())
    assert web.requests[-1].headers["user-agent"].endswith("(feed reader; desk@example.org)")
