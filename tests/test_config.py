"""The operator's folder: what it says, and every mistake in it at once, with its place and its remedy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.config import load_desk, restored_desk
from monitor.errors import ConfigError, UsageError
from monitor.folders import find_rules, find_state
from monitor.model import Escalation, Feed
from monitor.sources import unpacked
from monitor.timetable import HOURLY, hours, timetable

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config import Desk

FEEDS = """\
feeds:
  - name: wire-en
    url: https://wire.example/feed
    outlet: The Wire
    tags: [world, en]
    lang: en
    every: 5 min
  - name: other
    url: http://10.0.0.1/feed
    allow-private: yes
    recurring: yes
"""
RECEIVERS = "receivers:\n  mail: mailto://localhost?from=a@example.org&to=b@example.org&mode=insecure\n"
RULES = """\
rules:
  - id: peace
    title: Peace
    any: [peace agreement]
    send: [mail]
    sources: [The Wire]
    examples:
      match: [A peace agreement is signed]
"""


def desk(
    folder: Path, files: dict[str, str], *, env: dict[str, str] | None = None, required: bool = True
) -> Desk:
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return load_desk(folder, env=env or {}, secrets_required=required)


def faults(folder: Path, files: dict[str, str], *, env: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        desk(folder, files, env=env)
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_a_desk_is_all_the_files_of_its_folder(tmp_path: Path) -> None:
    found = desk(tmp_path, {"feeds.yaml": FEEDS, "receivers.yaml": RECEIVERS, "rules.yaml": RULES})
    assert found.feeds_by_name["wire-en"] == Feed(
        "wire-en",
        "https://wire.example/feed",
        "The Wire",
        frozenset({"world", "en"}),
        "en",
        timedelta(minutes=5),
    )
    assert found.feeds_by_name["other"].outlet == "other"
    assert found.feeds_by_name["other"].allow_private
    assert found.feeds_by_name["other"].recurring
    assert not found.feeds_by_name["wire-en"].recurring
    assert [receiver.name for receiver in found.receivers] == ["mail"]
    assert [rule.id for rule in found.rulebook.rules] == ["peace"]
    assert found.notes == ()


def test_one_file_may_hold_everything_with_a_contact_for_the_outlets(tmp_path: Path) -> None:
    found = desk(tmp_path, {"all.yaml": f"settings:\n  contact: desk@example.org\n{FEEDS}{RECEIVERS}{RULES}"})
    assert found.contact == "desk@example.org"


ONE_FAULT = [
    ("feeds: {a: b}", "f.yaml:1:8: feeds must be a list - begin each feed with a hyphen: - name: …"),
    ("feeds:\n  - just text", "f.yaml:2:5: a feed must be keys and values"),
    ("feeds:\n  - name: a", 'f.yaml:2:5: a feed needs "url" - add url: …'),
    ("feeds:\n  - {name: a, url: 'ftp://x.example/'}", "f.yaml:2:20: this address cannot be polled: "),
    (
        "feeds:\n  - {name: a, url: 'https://x.example/?key=${credential:key}'}",
        "f.yaml:2:20: a url holds no secret - use headers or auth",
    ),
    ("feeds:\n  - {name: a, url: '${env:FEED}'}", "f.yaml:2:20: a url holds no secret - use headers or auth"),
    ("feeds:\n  - {name: A b, url: 'https://x.example/'}", 'f.yaml:2:12: "A b" will not do: a feed'),
    ("feeds:\n  - {name: a, url: 'https://x.example/', lang: English}", 'f.yaml:2:48: "English" will not do'),
    ("feeds:\n  - {name: a, url: 'https://x.example/', every: often}", 'f.yaml:2:49: "often" is no interval'),
    ("feeds:\n  - {name: a, url: 'https://x.example/', every: 0 s}", 'f.yaml:2:49: "0 s" is no interval'),
    ("feeds:\n  - {name: a, url: 'https://x.example/', every: 9 d}", 'f.yaml:2:49: "9 d" is no interval'),
    (
        "feeds:\n  - {name: a, url: 'https://x.example/', allow-private: maybe}",
        'f.yaml:2:57: "maybe" is neither',
    ),
    (
        "feeds:\n  - {name: a, url: 'https://x.example/', recurring: daily}",
        'f.yaml:2:53: "daily" is neither yes nor no',
    ),
    (
        "feeds:\n  - {name: a, url: 'https://x.example/', evry: 1 h}",
        'unknown key "evry" - did you mean "every"?',
    ),
    (
        "feeds:\n  - {name: a, url: 'https://x.example/'}\n  - {name: a, url: 'https://y.example/'}",
        'f.yaml:3:5: feed "a" stands twice (first at',
    ),
    ("feds: []", 'f.yaml:1:1: unknown key "feds" - did you mean "feeds"?'),
    ("settings: {contact: 'Ünal'}", "f.yaml:1:21: contact must be plain ASCII"),
    ("receivers: {Mail: 'json://localhost/x'}", 'f.yaml:1:19: "Mail" will not do'),
    ("receivers: {mail: 'nonsense://localhost/x'}", 'f.yaml:1:19: receiver "mail": is no address'),
    ("receivers: {mail: '${env:NOT_THERE}'}", "f.yaml:1:19: $NOT_THERE is not set - set NOT_THERE"),
    (
        "receivers: {mail: '${credential:desk}'}",
        'f.yaml:1:19: there is no credential "desk" - write it to credentials/desk',
    ),
    (
        "receivers: {mail: '${file:secret}'}",
        "f.yaml:1:19: the secret secret cannot be read (FileNotFoundError)",
    ),
    ("receivers: {mail: '${desk}'}", "f.yaml:1:19: ${desk} is no secret's place - write ${credential:NAME}"),
    ("receivers: [mail]", "f.yaml:1:12: receivers must be keys and values"),
]


@pytest.mark.parametrize(("text", "said"), ONE_FAULT)
def test_a_mistake_is_named_with_its_place_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    (found,) = faults(tmp_path, {"f.yaml": text})
    assert said in found


def test_all_mistakes_are_named_at_once_file_by_file(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        {
            "a.yaml": FEEDS.replace("every", "evry").replace("https:", "gopher:"),
            "b.yaml": "receivers:\n  mail: nonsense://x\n",
            "c.yaml": RULES.replace("peace agreement]", "s*]").replace("The Wire", "Wyre"),
            "d.yaml": "rules: [unclosed\n",
            "e.yml": "",
        },
    )
    assert [line.partition(":")[0] for line in found] == sorted(line.partition(":")[0] for line in found)
    assert {line.partition(":")[0] for line in found} == {"a.yaml", "b.yaml", "c.yaml", "d.yaml", "e.yml"}
    assert len([line for line in found if line.startswith("a.yaml")]) == 2
    assert len([line for line in found if line.startswith("c.yaml")]) >= 2


def test_settings_and_receivers_stand_once(tmp_path: Path) -> None:
    text = "settings: {contact: a@b.example}\nreceivers: {r: 'json://localhost/x'}\n"
    found = faults(tmp_path, {"a.yaml": text, "b.yaml": text})
    assert len(found) == 2
    assert '"settings" stands in' in found[0]
    assert 'receiver "r" stands twice' in found[1]


def test_text_that_is_not_utf_8_and_folders_without_files_are_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no"):
        load_desk(tmp_path, env={}, secrets_required=True)
    (tmp_path / "a.yaml").write_bytes(b"rules:\n  - id: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"a.yaml:2:1: is not UTF-8 text"):
        load_desk(tmp_path, env={}, secrets_required=True)
    (tmp_path / "a.yaml").unlink()
    (tmp_path / "b.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"b.yaml:1:1: cannot be read"):
        load_desk(tmp_path, env={}, secrets_required=True)


# ---- secrets -----------------------------------------------------------------------------------------------


def test_secrets_come_from_credentials_environment_and_files(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "hook").write_text("json://localhost/from-credential\n")
    (tmp_path / "own").write_text("json://localhost/from-file\n")
    text = "receivers:\n  a: ${credential:hook}\n  b: ${env:HOOK}\n  c: ${file:own}\n"
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "vault"), "HOOK": "json://localhost/from-environment"}
    found = desk(tmp_path, {"r.yaml": text}, env=env)
    assert [receiver.url.rpartition("-")[2] for receiver in found.receivers] == [
        "credential",
        "environment",
        "file",
    ]


def test_a_folder_of_credentials_gives_each_file_under_the_name_of_its_unit(tmp_path: Path) -> None:
    """LoadCredential=receiver:FOLDER of the unit: FOLDER/hook is the credential receiver_hook."""
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "receiver_hook").write_text("json://localhost/listed\n")
    (tmp_path / "vault" / "hook").write_text("json://localhost/single\n")
    text, env = "receivers: {a: '${credential:hook}'}", {"CREDENTIALS_DIRECTORY": str(tmp_path / "vault")}
    assert desk(tmp_path, {"r.yaml": text}, env=env).receivers[0].url == "json://localhost/listed"
    (tmp_path / "vault" / "receiver_hook").write_text("\n")
    with pytest.raises(ConfigError, match="the secret receiver_hook is empty"):
        desk(tmp_path, {"r.yaml": text}, env=env)


def test_a_secret_inside_an_address_is_percent_encoded(tmp_path: Path) -> None:
    text = "receivers:\n  a: mailto://me:${env:PASSWORD}@localhost?from=a@example.org&to=b@example.org\n"
    found = desk(tmp_path, {"r.yaml": text}, env={"PASSWORD": "p@ss/w:rd"})
    assert "me:p%40ss%2Fw%3Ard@localhost" in found.receivers[0].url


def test_without_its_secrets_a_desk_can_still_be_checked(tmp_path: Path) -> None:
    text = "receivers:\n  mail: ${credential:hook}\n"
    found = desk(
        tmp_path,
        {"r.yaml": text, "rules.yaml": RULES.replace("    sources: [The Wire]\n", "")},
        required=False,
    )
    assert found.receivers == ()
    assert len(found.notes) == 1
    assert 'there is no credential "hook"' in found.notes[0]


def test_an_empty_secret_is_a_mistake_and_is_not_printed(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (found,) = faults(tmp_path, {"r.yaml": "receivers: {a: '${file:empty}'}"})
    assert "is empty" in found


# ---- where things are --------------------------------------------------------------------------------------


def test_rules_are_found_where_they_were_named_or_where_they_are(tmp_path: Path) -> None:
    for place in ("opt", "env", "cwd/rules", "xdg/monitor"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "a.yaml").write_text("")
    env = {"MONITOR_RULES": str(tmp_path / "env"), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    cwd = tmp_path / "cwd"
    assert find_rules(str(tmp_path / "opt"), env=env, cwd=cwd) == tmp_path / "opt"
    assert find_rules(None, env=env, cwd=cwd) == tmp_path / "env"
    del env["MONITOR_RULES"]
    assert find_rules(None, env=env, cwd=cwd) == cwd / "rules"
    (cwd / "rules" / "a.yaml").unlink()
    assert find_rules(None, env=env, cwd=cwd) == tmp_path / "xdg" / "monitor"
    with pytest.raises(UsageError, match="no rules found"):
        find_rules(None, env={"HOME": str(tmp_path)}, cwd=tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        find_rules(str(tmp_path / "nowhere"), env={}, cwd=tmp_path)


def test_the_state_is_kept_where_it_was_named_or_where_states_belong(tmp_path: Path) -> None:
    env = {"MONITOR_STATE": str(tmp_path / "env"), "STATE_DIRECTORY": f"{tmp_path}/systemd:/second"}
    env |= {"XDG_STATE_HOME": str(tmp_path / "xdg")}
    assert find_state(str(tmp_path / "opt"), env=env, cwd=tmp_path) == tmp_path / "opt"
    assert find_state(None, env=env, cwd=tmp_path) == tmp_path / "env"
    del env["MONITOR_STATE"]
    assert find_state(None, env=env, cwd=tmp_path) == tmp_path / "systemd"
    del env["STATE_DIRECTORY"]
    assert find_state(None, env=env, cwd=tmp_path) == tmp_path / "xdg" / "monitor"
    service = tmp_path / "service"
    service.mkdir()
    assert find_state(None, env=env, cwd=tmp_path, served=service) == tmp_path / "xdg" / "monitor"
    (service / "monitor.db").write_bytes(b"")
    assert find_state(None, env=env, cwd=tmp_path, served=service) == service
    (tmp_path / "state").mkdir()
    assert find_state(None, env=env, cwd=tmp_path, served=service) == tmp_path / "state"
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        find_state(str(tmp_path / "file"), env={}, cwd=tmp_path)
    with pytest.raises(UsageError, match="cannot be made"):
        find_state(str(tmp_path / "file" / "x"), env={}, cwd=tmp_path)


# ---- when the desk tells -----------------------------------------------------------------------------------

ADDRESS = "json://localhost/secret-path"
TIMED = f"""\
receivers:
  phone: {ADDRESS}
  desk:
    url: {ADDRESS}
    quiet: 22:00-07:00 Asia/Baku
    digest: daily 08:00 Asia/Baku
    escalate: {{to: phone, after: 15 min}}
settings:
  operators: phone
  digest: daily 18:00 UTC
  heartbeat: daily 09:00 Asia/Baku
  alive: {{url: "https://ping.example/secret-ping", every: 10 min}}
"""
TIMED_RULES = """\
rules:
  - {id: new, was: old, any: [x], send: desk, limit: 6 per hour, examples: {match: [x]}}
"""


def test_a_receiver_may_be_a_map_that_says_when_it_is_told(tmp_path: Path) -> None:
    found = desk(tmp_path, {"feeds.yaml": FEEDS, "timed.yaml": TIMED, "rules.yaml": TIMED_RULES})
    phone, timed = found.receivers
    assert (phone.quiet, phone.digest, phone.escalate) == (None, None, None)
    assert (timed.quiet, timed.digest, timed.escalate) == (
        hours("22:00-07:00 Asia/Baku"),
        timetable("daily 08:00 Asia/Baku"),
        Escalation("phone", timedelta(minutes=15)),
    )
    assert found.alive is not None
    assert (found.alive.url, found.alive.every) == ("https://ping.example/secret-ping", timedelta(minutes=10))
    assert "secret" not in repr(found.alive) + repr(timed)


def test_the_customs_of_a_desk_know_rules_by_both_their_ids(tmp_path: Path) -> None:
    customs = desk(tmp_path, {"feeds.yaml": FEEDS, "timed.yaml": TIMED, "rules.yaml": TIMED_RULES}).customs
    assert customs.timings["old"] == customs.timings["new"]
    assert (customs.operators, customs.digest) == ("phone", timetable("daily 18:00 UTC"))
    assert customs.heartbeat == timetable("daily 09:00 Asia/Baku")


def test_a_desk_that_says_nothing_of_it_sends_what_is_over_a_limit_hourly(tmp_path: Path) -> None:
    found = desk(tmp_path, {"feeds.yaml": FEEDS, "receivers.yaml": RECEIVERS, "rules.yaml": RULES})
    assert found.customs.digest == HOURLY
    assert found.alive is None


def test_what_is_kept_of_a_desk_holds_no_address_and_comes_back_with_its_hours(tmp_path: Path) -> None:
    found = desk(tmp_path, {"feeds.yaml": FEEDS, "timed.yaml": TIMED, "rules.yaml": TIMED_RULES})
    packed = found.sources.packed()
    assert "secret" not in packed
    again = restored_desk(unpacked(packed), tmp_path, env={})
    assert again.receivers == found.receivers
    assert (again.alive, again.notes) == (found.alive, ())
    twice = "receivers: {" + ", ".join(f"{one.name}: json://b.example/" for one in found.receivers) + "}"
    (tmp_path / "zz.yaml").write_text(twice)
    again = restored_desk(unpacked(packed), tmp_path, env={})
    assert again.receivers == found.receivers, "the address that stood first"
    (tmp_path / "zz.yaml").unlink()
    (tmp_path / "timed.yaml").unlink()
    poorer = restored_desk(unpacked(packed), tmp_path, env={})
    assert poorer.alive is None
    assert any("under alive was not kept" in note for note in poorer.notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("receivers: {a: {quiet: 22:00-07:00 UTC}}", 'receivers.yaml:1:16: receiver "a" has no "url"'),
        ("receivers: {a: {url: json://h/, quite: x}}", 'unknown key "quite" - did you mean "quiet"?'),
        ("receivers: {a: {url: json://h/, quiet: nights}}", '"nights" are no hours'),
        ("receivers: {a: {url: json://h/, digest: weekly}}", '"weekly" is no timetable'),
        ("receivers: {a: {url: json://h/, escalate: b}}", "escalate must be keys and values"),
        ("receivers: {a: {url: json://h/, escalate: {to: b}}}", 'escalate needs "after"'),
        (
            "receivers: {a: {url: json://h/, escalate: {to: ab, after: 5 min}}, abc: json://h/}",
            'did you mean "abc"?',
        ),
        ("receivers: {a: {url: json://h/, escalate: {to: a, after: 5 min}}}", "escalates to itself"),
        (
            "receivers: {b: json://h/, a: {url: json://h/, escalate: {to: b, after: 5 s}}}",
            '"5 s" will not do for after - write such as: 15 min',
        ),
        ("settings: {heartbeat: daily 09:00 UTC}", "a heartbeat needs somebody to hear it - add operators"),
        ("settings: {digest: often}", '"often" is no timetable'),
        ("settings: {alive: {every: 5 min}}", 'alive needs "url"'),
        ("settings: {alive: ftp://ping.example/}", "the address under alive cannot be asked"),
        ("settings: {alive: {url: 'https://ping.example/', every: 1 s}}", '"1 s" will not do for every'),
        ("settings: {alive: '${credential:ping}'}", 'there is no credential "ping"'),
    ],
)
def test_a_mistake_in_when_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in one for one in faults(tmp_path, {"feeds.yaml": FEEDS, "receivers.yaml": text + "\n"}))


# ---- settings of the service -------------------------------------------------------------------------------

BASE = {"feeds.yaml": FEEDS, "receivers.yaml": RECEIVERS, "rules.yaml": RULES}


def settings(text: str) -> dict[str, str]:
    return {**BASE, "settings.yaml": f"settings:\n  {text}\n"}


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("contact: a@example.org", timedelta(days=90)),
        ("keep: 30 days", timedelta(days=30)),
        ("keep: 7 d", timedelta(days=7)),
        ("keep: forever", None),
    ],
)
def test_how_long_texts_are_kept(tmp_path: Path, text: str, keep: timedelta | None) -> None:
    assert desk(tmp_path, settings(text)).keep == keep


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("contact: a@example.org", None),
        ("metrics: 127.0.0.1:9464", "127.0.0.1:9464"),
        ("metrics: '[::1]:9464'", "[::1]:9464"),
        ("metrics: 0.0.0.0:9464\n  metrics-public: yes", "0.0.0.0:9464"),
    ],
)
def test_where_metrics_are_served(tmp_path: Path, text: str, address: str | None) -> None:
    found = desk(tmp_path, settings(text)).metrics
    assert (None if found is None else str(found)) == address


def test_where_hubs_reach_us(tmp_path: Path) -> None:
    found = desk(tmp_path, settings("push: {listen: '[::1]:8090', address: 'https://a.example/push'}")).push
    assert found is not None
    assert (str(found.listen), found.address) == ("[::1]:8090", "https://a.example/push")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "push: {listen: 127.0.0.1:8090}",
            'settings.yaml:2:9: push needs "address" - add address: https://monitor.example.org/push',
        ),
        ("push: yes", "settings.yaml:2:9: push must be"),
        (
            "push: {listen: 8090, address: https://a.example/}",
            'settings.yaml:2:18: "8090" is no address to listen at - write such as: 127.0.0.1:8090',
        ),
        (
            "push: {listen: 127.0.0.1:8090, address: a.example}",
            "settings.yaml:2:43: hubs cannot be given this address: the address does not begin with http",
        ),
        (
            "push: {listen: 127.0.0.1:8090, address: https://a.example/?push}",
            "settings.yaml:2:43: hubs cannot be given this address: it has a ? or #",
        ),
        (
            "push: {listen: '0.0.0.0:9464', address: 'https://a.example/'}\n  metrics: 127.0.0.1:9464",
            "settings.yaml:2:18: metrics are served at 127.0.0.1:9464 - give it another port",
        ),
        ("keep: 6 days", 'settings.yaml:2:9: "6 days" is no time to keep texts - write such as: 90 days'),
        ("keep: long", 'settings.yaml:2:9: "long" is no time to keep texts'),
        ("metrics: localhost:9464", 'settings.yaml:2:12: "localhost:9464" is no address to listen at'),
        ("metrics: 127.0.0.1", 'settings.yaml:2:12: "127.0.0.1" is no address'),
        ("metrics: 127.0.0.1:0", 'settings.yaml:2:12: "127.0.0.1:0" is no address'),
        ("metrics: 127.0.0.1:70000", 'settings.yaml:2:12: "127.0.0.1:70000" is no address'),
        ("metrics: 192.0.2.1:9464", "settings.yaml:2:12: 192.0.2.1 can be reached from other machines"),
        ("metrics-public: perhaps", 'settings.yaml:2:19: "perhaps" is neither yes nor no'),
    ],
)
def test_mistakes_in_the_settings_of_the_service(tmp_path: Path, text: str, fault: str) -> None:
    (found,) = faults(tmp_path, settings(text))
    assert found.startswith(fault)


# ---- milestones -------------------------------------------------------------------------------------------


def _with_settings(folder: Path, settings: str) -> Path:
    (folder / "desk.yaml").write_text(
        f"feeds: []\nreceivers: {{mail: 'json://127.0.0.1:9/'}}\nsettings:\n  {settings}\n"
        "rules: [{id: peace, title: Peace, any: [peace], send: [mail]}]\n"
    )
    return folder


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("contact: desk@example.org", (5, 20, 50)),
        ("milestones: [20, 5, 5]", (5, 20)),
        ("milestones: []", ()),
    ],
)
def test_milestones_are_numbers_of_outlets(tmp_path: Path, written: str, meant: tuple[int, ...]) -> None:
    desk = load_desk(_with_settings(tmp_path, written), env={}, secrets_required=True)
    assert desk.milestones == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("milestones: 5", "desk.yaml:4:15: milestones must be a list"),
        ("milestones: [5, 1]", 'desk.yaml:4:19: "1" is no number of outlets'),
        ("milestones: [five]", 'desk.yaml:4:16: "five" is no number of outlets'),
        ("milestones: [99999]", 'desk.yaml:4:16: "99999" is no number of outlets'),
    ],
)
def test_other_milestones_are_mistakes(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_desk(_with_settings(tmp_path, written), env={}, secrets_required=True)
    assert said in str(caught.value)
