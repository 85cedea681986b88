"""Every page, as it comes over the wire: what it shows, what it links to, what it changes."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import feedparser
import pytest
from markupsafe import Markup

from monitor.admission import Admission
from monitor.store.store import Store
from monitor.web import day
from monitor.web.chart import Bar, bar_chart, said, share_chart, spark
from monitor.web.wording import ago, safe_link, script_language
from tests.desks import eventually, free_port
from tests.fakes import FakeClock, Item
from tests.press import NOWHERE
from tests.web.morning import NOW, SIGNED
from tests.web.server import served
from tests.web.visitor import Answer, Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.press import Press


@pytest.fixture(scope="module")
def press(original: Press) -> Press:
    return original


@pytest.fixture(scope="module")
def address(press: Press) -> Iterator[str]:
    with served(press.state, clock=press.clock) as address:
        yield address


def text(address: str, path: str) -> str:
    answer = Visitor(address).get(path)
    assert answer.status == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text))


# ---- what nobody should ask --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/search?q=x&before=%C2%B2", "/?day=0001-01-01", "/?day=0001-01-02", "/?day=9999-12-31"]
)
def test_an_address_that_no_link_leads_to_is_answered(address: str, path: str) -> None:
    assert Visitor(address).get(path).status == 200


def test_a_form_that_is_none_of_ours_is_refused_in_a_sentence(address: str) -> None:
    visitor = Visitor(address)
    many = visitor.post("/silences", {f"a{number}": "1" for number in range(30)})
    assert (many.status, "This is no form of ours." in many.text) == (400, True)
    lost = visitor.send("/silences", f"/silences/{10**22}/end")
    assert (lost.status, "There is no such silence" in lost.text) == (404, True)


def test_what_nobody_foresaw_is_said_on_a_page_too(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day, "today", lambda *_: 1 // 0)
    with served(press.state, clock=press.clock) as address:
        broken = Visitor(address).get("/")
    assert broken.status == 500
    assert "It did not work" in broken.text and "ZeroDivision" not in broken.text
    assert "default-src" in broken.headers["content-security-policy"]


# ---- stories -----------------------------------------------------------------------------------------------


def test_today_is_by_rule_the_urgent_first_with_outlets_and_a_chart(address: str) -> None:
    told = text(address, "/")
    assert "Today, 2 March" in told
    assert told.index("Railway between") < told.index("Leaders meet") < told.index("Ferries, but not")
    assert "6 outlets, 7 entries" in told
    assert 'aria-label="Alerts by hour: 8 in all, most at' in Visitor(address).get("/").text


def test_another_day_is_a_link_away_and_tomorrow_is_not(address: str) -> None:
    first = Visitor(address).get("/").text
    assert 'href="/?day=2026-03-01" rel="prev"' in first
    assert 'rel="next"' not in first
    before = Visitor(address).get("/?day=2026-03-01").text
    assert 'href="/?day=2026-03-02" rel="next"' in before
    assert "Sunday, 1 March" in before
    assert text(address, "/?day=2999-01-01") == text(address, "/")
    assert text(address, "/?day=nonsense") == text(address, "/")


def test_a_day_without_alerts_shows_what_is_most_carried(own: Press) -> None:
    press = own
    with Store(press.state) as store, store.transaction():
        for table in ("attempts", "deliveries", "alerts"):
            store._db.execute(f"delete from {table}")
    with served(press.state, clock=press.clock) as address:
        told = text(address, "/")
        assert "No rule has alerted yet today" in told
        assert "Most carried, watched for or not" in told
        assert SIGNED in told


def test_the_page_asks_now_and_then_whether_there_is_news(address: str) -> None:
    found = re.search(r'hx-get="(/new\?after=\d+)"', Visitor(address).get("/").text)
    assert found
    assert text(address, found[1]).strip() == ""
    assert "8 new alerts: show" in text(
        address, f"/new?after={(NOW - timedelta(hours=12)).timestamp() * 1000:.0f}"
    )
    assert "new alerts" in text(address, "/new?after=-1")


def test_a_day_begins_at_midnight_where_the_desk_is(press: Press) -> None:
    with served(press.state, clock=press.clock, admission=Admission(zone="Pacific/Auckland")) as address:
        told = text(address, "/")
        assert "Today, 3 March" in told
        assert "Times are in Pacific/Auckland" in told
        assert "Railway between" not in told


def test_a_story_shows_copies_side_by_side_with_what_differs(press: Press, address: str) -> None:
    page = Visitor(address).get(f"/stories/{press.id_of('halden', 's1'):016x}").text
    assert "<mark>RPT</mark>-Armenia" in page
    assert "eleven <mark>long</mark> hours" in page
    assert page.count("<del>") == 2  # the word of the hint, beside each group
    assert page.count("<article") == 7
    assert "Development</h2>" in page
    assert 'aria-label="Entries by hour: 7 in all' in page
    assert 'rel="noopener noreferrer nofollow"' in page
    assert 'value="' in page and "Merge into this one" in page


def test_any_entry_or_alert_of_a_story_leads_to_it(press: Press, address: str) -> None:
    story = press.id_of("halden", "s1")
    assert text(address, f"/stories/{press.id_of('kura', 's1'):016x}") == text(
        address, f"/stories/{story:016x}"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/stories/0",
        "/stories/zzzzzzzzzzzzzzzz",
        f"/stories/{1:016x}",
        f"/entries/{1:016x}",
        "/entries/ffffffffffffffff",
        "/rules/none",
        "/rules/none.atom",
        "/nowhere",
        "/static/../app.py",
        "/static/none.css",
    ],
)
def test_what_is_not_there_is_said_not_to_be(address: str, path: str) -> None:
    assert Visitor(address).get(path).status == 404


def test_splitting_and_merging_are_forms_that_hold(own: Press) -> None:
    press = own
    story, copy = press.id_of("halden", "s1"), press.id_of("kura", "s1")
    page = f"/stories/{story:016x}"
    with served(press.state, clock=press.clock) as address:
        visitor = Visitor(address)
        parted = visitor.send(page, f"{page}/split", entry=f"{copy:016x}")
        assert (parted.status, parted.headers["location"]) == (303, f"/stories/{copy:016x}?said=split")
        shown = visitor.get(parted.headers["location"]).text
        assert "It is a story of its own now." in shown
        assert "split by hand" in shown
        joined = visitor.send(page, f"{page}/merge", other=f"{address}/stories/{copy:016x}?x=1")
        assert joined.headers["location"] == f"{page}?said=merged"
        assert "merge by hand" in visitor.get(page).text
        again = visitor.send(page, f"{page}/merge", other=f"{copy:016x}")
        assert again.status == 400
        assert "it is the same story" in again.text
        assert visitor.send(page, f"{page}/merge", other="nonsense").status == 400
        assert visitor.send(page, f"{page}/merge", other=f"{1:016x}").status == 400
        assert visitor.send(page, f"{page}/split", entry=f"{story:016x}").status == 400


def test_silences_are_put_in_force_listed_and_ended(own: Press) -> None:
    press = own
    story = f"{press.id_of('halden', 's1'):016x}"
    with served(press.state, clock=press.clock) as address:
        visitor = Visitor(address)
        assert "Nothing is muted." in visitor.get("/silences").text
        asked = visitor.get(f"/silences?scope=story&value={story}").text
        assert "<option selected>story</option>" in asked and f'value="{story}"' in asked
        fill = {"scope": "story", "value": story, "for": "4 hours", "comment": "known <b>"}
        border = fill | {"scope": "rule", "value": "border"}
        assert visitor.send("/silences", "/silences", **fill).headers["location"] == "/silences?said=muted"
        assert visitor.send("/silences", "/silences", **border).status == 303
        told = visitor.get("/silences?said=muted").text
        assert "known &lt;b&gt;" in told and "It is muted." in told
        assert f'href="/stories/{story}"' in told and 'href="/rules/border"' in told
        for wrong, what in (
            ({"scope": "rule", "value": "bordre"}, "did you mean"),
            ({"scope": "outlet", "value": "Nobody"}, "there is no outlet"),
            ({"scope": "planet"}, "A silence is of a story, rule, name or outlet"),
            ({"for": "ever"}, "and has an end"),
            ({"comment": "  "}, "A silence needs a comment"),
            ({"value": f"{1:016x}"}, "there is no such story"),
        ):
            refused = visitor.send("/silences", "/silences", **fill | wrong)
            assert refused.status == 400
            assert what in refused.text
        with Store(press.state) as store, store.transaction():
            (known,) = store._rows("select distinct outlet from entries where feed = 'halden'")
            store._db.execute("update entries set outlet = id % 1000 where feed = 'halden'")
        wire = fill | {"scope": "outlet", "value": known["outlet"]}
        others = visitor.send("/silences", "/silences", **wire)
        assert (others.status, "this would mute nothing" in others.text) == (400, True)
        ended = visitor.send("/silences", "/silences/1/end")
        assert ended.headers["location"] == "/silences?said=unmuted"
        assert visitor.send("/silences", "/silences/1/end").status == 404
        assert "known &lt;b&gt;" in visitor.get("/silences").text  # the other one
        assert visitor.get("/silences").text.count("End it") == 1


def test_a_feed_that_was_added_can_be_muted_at_once(own: Press) -> None:
    desk = own.folder / "rules" / "desk.yaml"
    with served(own.state, clock=own.clock) as address:
        assert "Newcomer" not in text(address, "/silences")
        written = json.loads(desk.read_text())
        newcomer = {"name": "newcomer", "url": "https://n.example/feed", "outlet": "Newcomer"}
        desk.write_text(json.dumps(written | {"feeds": [*written["feeds"], newcomer]}))
        own.read((own.folder / "rules" / "rules.yaml").read_text())
        assert "Newcomer" in Visitor(address).get("/silences").text


def test_a_story_is_acknowledged_once_by_whom_the_proxy_names(own: Press) -> None:
    press = own
    page = f"/stories/{press.id_of('halden', 's1'):016x}"
    admission = Admission(user_header="x-user")
    with served(press.state, clock=press.clock, admission=admission) as address:
        visitor = Visitor(address, headers={"X-User": "ani"})
        assert ">Acknowledge</button>" in visitor.get(page).text
        assert visitor.send(page, f"{page}/acknowledge").headers["location"] == f"{page}?said=acknowledged"
        told = visitor.get(page).text
        assert ">Acknowledge</button>" not in told
        assert told.count("acknowledged by ani") == 2


def escalating(press: Press) -> None:
    """From now on what slack-desk does not acknowledge within a quarter of an hour goes to the phone."""
    desk = press.folder / "rules" / "desk.yaml"
    files = json.loads(desk.read_text())
    slack = {"url": NOWHERE, "escalate": {"to": "phone", "after": "15 min"}}
    files["receivers"] |= {"slack-desk": slack, "phone": NOWHERE}
    desk.write_text(json.dumps(files))
    press.names = (*press.names, "phone")
    press.read(press.rules)


def test_what_should_be_seen_to_is_said_first(own: Press) -> None:
    with served(own.state, clock=own.clock) as address:
        assert "To see to" in text(address, "/")
        assert "1 feed fails." in text(address, "/")
        assert "email-duty has taken nothing since 2 Mar 09:10" in text(address, "/")
        assert "does the daemon run?" not in text(address, "/")
        assert (
            "takes nothing since 2 Mar 09:10, after 1 try; about to be asked again: the server answered 451"
            in (text(address, "/receivers"))
        )
        own.clock.advance(timedelta(hours=1))
        assert "does the daemon run?" in text(address, "/")
        assert "To see to" not in text(address, "/?day=2026-03-01")
        own.deliver()
        with Store(own.state) as store, store.transaction():
            store._db.execute("update feeds set error = '', next_poll = next_poll + 7200000")
        assert "To see to" not in text(address, "/")
        with Store(own.state) as store, store.transaction():
            store._db.execute("update deliveries set state = 'dead' where receiver = 'email-duty'")
        assert re.search(r"[0-9]+ deliveries were given up after a day of trying", text(address, "/"))


def test_a_story_says_who_was_told_of_it(press: Press, address: str) -> None:
    assert "email-duty: sent · slack-desk: sent" in text(
        address, f"/stories/{press.id_of('halden', 's1'):016x}"
    )


# ---- why, search -------------------------------------------------------------------------------------------


def test_why_shows_the_trail(press: Press, address: str) -> None:
    told = text(address, f"/entries/{press.id_of('kura', 's1'):016x}")
    assert "Outcome sent" in told
    assert "told already railway-agreement" in told
    assert "3 rules found too little" in told
    assert "nearest" in text(address, f"/entries/{press.id_of('harbour', 'f2'):016x}")


def test_search_marks_what_it_found_and_leads_on(address: str) -> None:
    page = Visitor(address).get("/search?q=reopens+-railway+gyum*").text
    assert "<mark>reopens</mark>" in page and "<mark>Gyumri</mark>" in page
    first = Visitor(address).get("/search?q=workers").text
    older = re.search(r'href="(/search\?q=workers&amp;before=\d+)" rel="next"', first)
    assert older
    second = Visitor(address).get(older[1].replace("&amp;", "&")).text
    assert second.count("<li>") > 5
    assert "Nothing that is stored has these words." in text(address, "/search?q=caviar")
    assert "Nothing that is stored" not in text(address, "/search")
    assert Visitor(address).get("/search?q=%22&before=x").status == 200


# ---- rules, feeds, receivers -------------------------------------------------------------------------------


def test_rules_are_shown_with_their_alerts_by_day(address: str) -> None:
    page = Visitor(address).get("/rules").text
    assert 'aria-label="Alerts of border, by day from 1 February to 2 March: ' in page
    assert page.index("Railway between") < page.index("Leaders meet")
    told = text(address, "/rules/railway-agreement")
    assert "$rail and ($armenia or $azerbaijan)" in told
    assert "tells slack-desk, email-duty" in told


def test_a_rule_that_is_gone_keeps_its_history(own: Press) -> None:
    press = own
    press.read(press.rules.partition("  - id: ferries")[0])
    with served(press.state, clock=press.clock) as address:
        assert "no longer there" in text(address, "/rules")
        assert "is no longer among the rules" in text(address, "/rules/ferries")
        assert "<title>ferries</title>" in Visitor(address).get("/rules/ferries.atom").text


def test_the_alerts_of_a_rule_are_an_atom_feed(address: str) -> None:
    answer = Visitor(address).get("/rules/railway-agreement.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ET.fromstring(answer.text)  # noqa: S314 - our own
    entries = feed.findall(f"{atom}entry")
    assert len(entries) > 4
    assert any(
        (entry.findtext(f"{atom}title") or "").startswith("Development: Armenian") for entry in entries
    )
    links = [link.get("href") or "" for link in entries[0].findall(f"{atom}link")]
    assert links[0].startswith(f"{address}/stories/")
    assert len({entry.findtext(f"{atom}id") for entry in entries}) == len(entries)
    for one in (
        feed,
        *entries,
    ):  # RFC 4287 §4.1.1, §4.1.2: one of each, no two links of a kind
        for name in ("id", "title", "updated"):
            assert len(one.findall(atom + name)) == 1
        moment = datetime.fromisoformat(one.findtext(f"{atom}updated") or "")
        assert moment.tzinfo is not None and moment <= NOW
        assert one.findtext(f"{atom}author/{atom}name")
        relations = [link.get("rel", "alternate") for link in one.findall(f"{atom}link")]
        assert len(relations) == len(set(relations))
    assert feedparser.parse(answer.text).bozo is False


def test_feeds_show_what_is_the_matter_first(address: str) -> None:
    told = text(address, "/feeds")
    assert "6 well" in told and "1 failing" in told
    assert told.index("steppe") < told.index("ararat")
    assert "failing: the server answered 503" in told


def test_receivers_show_what_they_took_and_what_waits(address: str) -> None:
    told = text(address, "/receivers")
    assert "email-duty" in told
    assert "Ferry with 120 aboard runs aground off Poti" in told
    assert "try again later" in told


def test_a_state_that_nothing_was_done_on_has_its_pages_all_the_same(tmp_path: Path) -> None:
    with Store(tmp_path):
        pass
    with served(tmp_path, clock=FakeClock()) as address:
        for path, words in (
            ("/", "No rule has alerted yet today"),
            ("/rules", "No rules are in force yet"),
            ("/feeds", "No feed is followed yet"),
            ("/receivers", "No rule tells anybody yet"),
        ):
            assert words in text(address, path)


def test_a_database_that_cannot_be_read_is_said_to_be(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store._db.execute("drop table alerts")
    with served(tmp_path, clock=FakeClock()) as address:
        answer = Visitor(address).get("/")
        assert answer.status == 503
        assert "the database cannot be read" in answer.text


# ---- hostile entries ---------------------------------------------------------------------------------------


HOSTILE = [
    Item("h1", "<script>alert(1)</script> border of Armenia", "<img src=x onerror=alert(1)>"),
    Item("h2", "Border of Armenia \u202egnp.exe", "\u2066\u202dbidi", link="javascript:alert(1)"),
    Item(
        "h3",
        'Border of Armenia "><svg onload=alert(1)>',
        "{{ 7*7 }} {% x %}",
        link="https://e.example/?a=<b>&c='\"",
    ),
    Item(
        "h4", "Border of Armenia " + "W" * 20_000, "word " * 20_000, link="data:text/html,<script>x</script>"
    ),
    Item("h5", "Border of Armenia \x00\x1b[31m \ufffe", "]]></summary>"),
]


def test_hostile_entries_are_text_everywhere(own: Press) -> None:
    press = own
    press.poll("harbour", *HOSTILE)
    with served(press.state, clock=press.clock) as address:
        for item in HOSTILE:
            number = press.id_of("harbour", item.guid)
            pages = (f"/stories/{number:016x}", f"/entries/{number:016x}")
            for path in (*pages, "/", "/search?q=armenia", "/rules/border"):
                answer = Visitor(address).get(path)
                assert answer.status == 200
                harmless(answer)
        ET.fromstring(Visitor(address).get("/rules/border.atom").text)  # noqa: S314 - our own
        echoed = Visitor(address).get("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
        harmless(echoed)


def harmless(answer: Answer) -> None:
    assert answer.text.count("<script") == 1  # our own htmx
    assert not re.search(r"<(img|svg on)", answer.text)
    assert not re.search(r'href="(?!/|https?://)', answer.text.replace('href="#main"', ""))
    assert len(answer.text) < 200_000


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://a.example/x", True),
        ("http://a.example", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//a.example/x", False),
        ("https:///x", False),
        ("https://[bad", False),
        ("", False),
    ],
)
def test_only_links_to_pages_are_links(link: str, safe: bool) -> None:  # noqa: FBT001
    assert bool(safe_link(link)) is safe


# ---- small parts -------------------------------------------------------------------------------------------


def test_charts_say_what_they_draw_and_escape_it() -> None:
    drawn = bar_chart([Bar("<b>", (("bar", 2), ("other", 0))), Bar("two", (("bar", 4),))], name='"n"')
    assert isinstance(drawn, Markup)
    assert "&lt;b&gt;: 2" in drawn and "&#34;n&#34;: 6 in all, most at two with 4" in drawn
    assert drawn.count("<rect") == 2
    assert said([], name="n") == "n: none"
    assert "n, a to b: 0, 5, 1" in spark([0, 5, 1], name="n", ends="a to b")
    assert "n: none" in spark([0, 0], name="n", ends="a to b")
    assert "n: none" in share_chart([("a", "b", 0)], name="n")
    assert "n: 1 well, 3 failing" in share_chart([("w", "well", 1), ("f", "failing", 3)], name="n")


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (0, "just now"),
        (59, "just now"),
        (61, "1 min ago"),
        (7200, "2 h ago"),
        (200_000, "2 d ago"),
        (-30, "in a moment"),
        (-7300, "in 2 h"),
    ],
)
def test_times_are_told_in_one_unit(length: int, told: str) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert ago(now - timedelta(seconds=length), now) == told


@pytest.mark.parametrize(
    ("text", "language"),
    [("Հայաստան", "hy"), ("სომხეთი", "ka"), ("Армения", ""), ("News", ""), ("ニュース", "ja")],
)
def test_a_script_of_one_language_tells_it(text: str, language: str) -> None:
    assert script_language(text) == language


# ---- the command -------------------------------------------------------------------------------------------


def test_the_command_serves_until_it_is_told_to_end(press: Press) -> None:
    port = free_port()
    places = ["--state", str(press.state), "--rules", str(press.folder / "rules")]
    command = [sys.executable, "-m", "monitor", "web", *places, "--port", str(port)]
    served = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert served.stderr is not None
        assert served.stderr.readline() == f"http://127.0.0.1:{port}/\n"

        def answers() -> bool:
            try:
                return Visitor(f"http://127.0.0.1:{port}").get("/rules").status == 200
            except OSError:
                return False

        eventually(answers)
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) in (0, -signal.SIGTERM)
    finally:
        served.kill()
        served.wait()
        served.stderr.close() if served.stderr else None


def test_the_command_says_what_is_wrong_with_its_settings(press: Press, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text("settings: {web: {bind: 0.0.0.0}}")
    command = [sys.executable, "-m", "monitor", "web", "--state", str(press.state), "--rules", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert "the page would be open to everybody" in done.stderr
