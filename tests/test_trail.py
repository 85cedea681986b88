"""Each outcome of docs/why.md, brought about by the real line and told by `why`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor import config
from monitor.errors import SendError
from monitor.model import Feed, Scope
from monitor.rules.match import match
from monitor.store.ledger import Choice
from monitor.store.reading import Reading
from monitor.store.store import Store
from monitor.trail import Outcome, Sending, Stage, Trail, language, outcome_of, trail
from tests.desks import called
from tests.fakes import START, Item, entry
from tests.press import RULES, Press

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

DOCUMENT = Path(__file__).parent.parent / "docs" / "why.md"
SIGNED = Item(
    "s1", "Armenia and Azerbaijan sign railway agreement in Tbilisi", "The text was read out at noon."
)
MET = Item("m1", "Ilham Aliyev meets Merz in Berlin for an hour", "Trade was the only subject.")


@pytest.fixture
def press(tmp_path: Path) -> Press:
    return Press(tmp_path)


def way(press: Press, name: str, guid: str) -> Trail:
    """The trail of what a feed showed under a guid."""
    with Reading(press.state) as reading:
        facts = reading.facts(press.id_of(name, guid))
        kept = reading.desk()
    assert facts is not None and kept is not None
    desk = config.desk_in_force(kept[0])
    return trail(facts, desk.rulebook, tags=desk.feeds_by_name[name].tags)


def outcomes(made: Trail, stage: Stage, about: str = "") -> list[str]:
    return [step.outcome.value for step in made.of(stage) if about in ("", step.about)]


def said(made: Trail, about: str) -> str:
    return next(step.said for step in made.steps if step.about == about)


# ---- arrival and story -------------------------------------------------------------------------------------


def test_what_stood_in_a_feed_at_its_first_poll_is_its_baseline(press: Press) -> None:
    press.add_feed("late")
    press.poll("late", SIGNED)
    press.read(RULES)
    made = way_of_unlisted(press, "late", "s1")
    assert outcomes(made, Stage.ARRIVAL) == ["baseline"]
    assert outcomes(made, Stage.RULE, "railway") == ["matched, not news"]
    assert made.outcome is Outcome.NOT_NEWS
    assert "baseline alerts nobody" in said(made, "railway")


def way_of_unlisted(press: Press, name: str, guid: str) -> Trail:
    """The trail of an entry whose feed the desk no longer has."""
    with Reading(press.state) as reading:
        facts = reading.facts(press.id_of(name, guid))
    assert facts is not None
    return trail(facts, press.desk.rulebook, tags=frozenset())


def test_what_is_dated_long_before_the_last_good_poll_is_backfill(press: Press) -> None:
    press.poll("kura", Item("old", "Railway agreement of last year", published=START - timedelta(days=300)))
    made = way(press, "kura", "old")
    assert outcomes(made, Stage.ARRIVAL) == ["backfill"]
    assert outcomes(made, Stage.RULE, "railway") == ["matched, not news"]


def test_news_that_fires_a_rule_is_alerted_waits_and_is_sent(press: Press) -> None:
    press.poll("halden", SIGNED)
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.ARRIVAL) == ["news"]
    assert outcomes(made, Stage.STORY) == ["new story"]
    assert outcomes(made, Stage.RULE) == ["alerted", "no match", "no match"]
    assert said(made, "railway") == 'held: "railway agreement"'
    assert [one.surface for one in made.of(Stage.RULE)[0].mentions] == ["railway agreement"]
    assert outcomes(made, Stage.DELIVERY) == ["waiting", "waiting"]
    press.deliver("mail")
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["sent"]
    assert made.outcome is Outcome.WAITING  # chat has not been told
    press.deliver()
    assert way(press, "halden", "s1").outcome is Outcome.SENT


def test_a_copy_names_what_it_copies_and_who_told_of_it(press: Press) -> None:
    press.poll("halden", SIGNED)
    press.poll("kura", Item("k1", f"RPT-{SIGNED.title}", SIGNED.summary))
    made = way(press, "kura", "k1")
    assert outcomes(made, Stage.STORY) == ["copy"]
    assert re.match(r"score \d+: .* with \"Armenia and .*\" \(Halden Wire\)", made.of(Stage.STORY)[0].said)
    assert outcomes(made, Stage.RULE, "railway") == ["told already"]
    assert "Halden Wire was first, and its alert told of it" in said(made, "railway")
    assert made.of(Stage.RULE)[0].other == press.id_of("halden", "s1")


def test_a_development_is_told_as_one(press: Press) -> None:
    press.poll("halden", SIGNED)
    later = Item("d1", "Armenian parliament to debate railway agreement with Azerbaijan", "A vote is due.")
    press.poll("kura", later)
    made = way(press, "kura", "d1")
    assert outcomes(made, Stage.STORY) == ["development"]
    assert outcomes(made, Stage.RULE, "railway") == ["alerted"]


def test_corrections_by_hand_stand_in_the_trail(press: Press) -> None:
    press.poll("halden", SIGNED)
    press.poll("kura", Item("k1", f"RPT-{SIGNED.title}", SIGNED.summary))
    press.clock.advance(timedelta(hours=1))
    with Store(press.state) as store, store.transaction():
        store.split(press.id_of("kura", "k1"), now=press.clock.now)
    made = way(press, "kura", "k1")
    assert outcomes(made, Stage.STORY) == ["copy", "split by hand"]
    with Store(press.state) as store, store.transaction():
        store.merge(press.id_of("halden", "s1"), press.id_of("kura", "k1"), now=press.clock.now)
    made = way(press, "kura", "k1")
    assert outcomes(made, Stage.STORY) == ["copy", "split by hand", "merged by hand"]


# ---- pages -------------------------------------------------------------------------------------------------


def test_what_became_of_the_page_of_an_entry_is_told(press: Press) -> None:
    talks = Item("t1", "Ministers meet in the old town hall", "They talked for two hours.")
    press.poll("halden", talks)
    entry, now = press.id_of("halden", "t1"), press.clock.now
    with Store(press.state) as store, store.transaction():
        store.want_articles([(entry, "halden")], now=now)
        store.claim_article(entry, due=now + timedelta(minutes=10), now=now)
        store.put_off_article(entry, "answered 503", due=now + timedelta(minutes=10))
    made = way(press, "halden", "t1")
    assert outcomes(made, Stage.ARRIVAL) == ["news", "text to come"]
    assert (
        made.of(Stage.ARRIVAL)[1].said
        == f"due {now + timedelta(minutes=10):%Y-%m-%d %H:%M} UTC, after: answered 503"
    )
    with Store(press.state) as store, store.transaction():
        store.end_article(entry, "barred", "robots.txt asks not to read it")
    made = way(press, "halden", "t1")
    assert outcomes(made, Stage.ARRIVAL) == ["news", "no text"]
    text = "They signed a railway agreement at noon."
    with Store(press.state) as store, store.transaction():
        store.end_article(entry, "read", text=text)
        read = replace(store.known([entry])[entry].entry, text=text)
        matches = match(press.desk.rulebook, read)
        store.put_matches(entry, matches, rulebook=press.desk.rulebook.hash)
    made = way(press, "halden", "t1")
    assert outcomes(made, Stage.ARRIVAL) == ["news", "text read"]
    assert outcomes(made, Stage.RULE, "railway") == ["matched, not news"], (
        "as after a text that came a day late"
    )
    assert [one.field for step in made.of(Stage.RULE) for one in step.mentions] == ["text"]


# ---- edits -------------------------------------------------------------------------------------------------


def test_an_edit_that_makes_a_rule_fire_is_alerted_on_the_edit(press: Press) -> None:
    press.poll("halden", Item("e1", "Ministers sign an accord in Tbilisi after a long night", "It was late."))
    press.poll(
        "halden", Item("e1", "Ministers sign an accord in Tbilisi after a long night", "A railway agreement.")
    )
    made = way(press, "halden", "e1")
    assert outcomes(made, Stage.ARRIVAL) == ["news", "edited"]
    assert outcomes(made, Stage.RULE, "railway") == ["alerted on an edit"]
    assert any("explained on the text as it stands" in note for note in made.notes)


def test_an_edit_of_a_match_that_was_moved_by_hand_calls_for_nothing(press: Press) -> None:
    """What matched before its edit alerts no more; here its alert stayed with the story it was split from."""
    press.poll("halden", SIGNED)
    press.poll("kura", Item("k1", f"RPT-{SIGNED.title}", SIGNED.summary))
    with Store(press.state) as store, store.transaction():
        store.split(press.id_of("kura", "k1"), now=press.clock.now)
    press.poll("kura", Item("k1", f"RPT-{SIGNED.title}", f"{SIGNED.summary} It is long."))
    made = way(press, "kura", "k1")
    assert outcomes(made, Stage.RULE, "railway") == ["edited without a new match"]


# ---- rules -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "rule", "outcome", "clause"),
    [
        (Item("a", "Merz meets ministers"), "aliyev-talks", "no match", "$aliyev is not mentioned"),
        (Item("b", "New ferry raises ticket prices"), "ferry", "excluded by not", '"and not" finds $prices'),
        (
            Item("c", "Merz meets ministers", body="A day.\n\nRead also\nIlham Aliyev meets Merz"),
            "aliyev-talks",
            "stands where nothing counts",
            "nothing counts",
        ),
    ],
)
def test_a_rule_that_does_not_fire_says_which_clause_failed(
    press: Press, item: Item, rule: str, outcome: str, clause: str
) -> None:
    press.poll("halden", item)
    made = way(press, "halden", item.guid)
    assert outcomes(made, Stage.RULE, rule) == [outcome]
    assert clause in said(made, rule)


def test_a_filter_of_sources_is_told_apart_from_words_that_fail(press: Press) -> None:
    press.read(
        RULES.replace("    any: [railway agreement]\n", "    any: [railway agreement]\n    sources: [kura]\n")
    )
    press.poll("halden", SIGNED)
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.RULE, "railway") == ["filtered by source or language"]
    assert 'its "sources" are kura' in said(made, "railway")


def test_the_nearest_rule_is_the_one_most_of_which_holds(press: Press) -> None:
    press.poll("halden", Item("a", "Merz meets ministers"), Item("b", "Bread"))
    assert way(press, "halden", "a").nearest == "aliyev-talks"
    assert way(press, "halden", "b").nearest == ""


def test_a_story_that_is_older_than_the_rule_alerts_nobody(press: Press) -> None:
    press.read(RULES.replace("railway agreement", "railway treaty"))
    press.poll("halden", SIGNED)
    press.clock.advance(timedelta(hours=1))
    press.read(RULES)
    press.poll("kura", Item("k1", f"RPT-{SIGNED.title}", SIGNED.summary))
    made = way(press, "kura", "k1")
    assert outcomes(made, Stage.RULE, "railway") == ["older than the rule"]
    first = way(press, "halden", "s1")
    assert outcomes(first, Stage.RULE, "railway") == ["the rule came later"]


def test_rules_that_changed_since_are_said_to_have_changed(press: Press) -> None:
    press.poll("halden", SIGNED)
    press.read(RULES.replace("railway agreement", "railway treaty").replace("id: ferry", "id: ferries"))
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.RULE, "railway") == ["alerted"]
    assert said(made, "railway").startswith("held when it came; now:")
    assert "the rules have changed since" in made.notes[0]
    press.read(RULES.partition("  - id: railway")[0] + "  - id: ferry" + RULES.partition("  - id: ferry")[2])
    assert said(way(press, "halden", "s1"), "railway") == "fired when it came; the rule is no longer there"


def test_a_rule_that_was_renamed_has_told_already(press: Press) -> None:
    press.poll("halden", SIGNED)
    press.read(RULES.replace("id: railway\n", "id: rails\n    was: railway\n"))
    press.poll("kura", Item("k1", f"RPT-{SIGNED.title}", SIGNED.summary))
    assert outcomes(way(press, "kura", "k1"), Stage.RULE, "rails") == ["told already"]


# ---- deliveries --------------------------------------------------------------------------------------------


def test_each_attempt_that_failed_is_told_with_its_time_and_error(press: Press) -> None:
    press.poll("halden", SIGNED)
    press.receivers.failing["mail"] = SendError("the server answered 503")
    press.deliver("mail")
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["tried, due again"]
    press.clock.advance(timedelta(minutes=5))
    press.receivers.failing["mail"] = SendError("timed out", uncertain=True)
    press.deliver("mail")
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["uncertain"]
    assert "attempt 1, 2026-03-02 09:40 UTC: the server answered 503" in said(made, "mail")
    assert "attempt 2, 2026-03-02 09:45 UTC: timed out (may have arrived)" in said(made, "mail")
    press.receivers.failing.clear()
    press.clock.advance(timedelta(minutes=5))
    press.deliver("mail")
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["sent again"]
    assert "attempt 3, 2026-03-02 09:50 UTC: accepted" in said(made, "mail")


def test_an_attempt_that_was_cut_off_is_told_as_one(press: Press) -> None:
    press.poll("halden", SIGNED)
    with Store(press.state) as store, store.transaction():
        assert store.claim("mail", now=press.clock.now, lease=timedelta(minutes=3))
    assert outcomes(way(press, "halden", "s1"), Stage.DELIVERY, "mail") == ["sending"]
    with Store(press.state) as store:
        store.release_interrupted(now=press.clock.now)
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["uncertain"]
    assert "attempt 1: cut off before it was recorded" in said(made, "mail")


def test_a_delivery_that_was_given_up_is_dead(press: Press) -> None:
    press.poll("halden", SIGNED)
    press.receivers.failing["mail"] = SendError("no such mailbox")
    for _ in range(130):
        press.deliver("mail")
        press.clock.advance(timedelta(hours=2))
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["dead"]
    assert made.outcome is Outcome.DEAD
    assert "given up" in said(made, "mail")


def test_an_alert_without_a_delivery_has_no_receiver(press: Press) -> None:
    press.poll("halden", SIGNED)
    with Store(press.state) as store, store.transaction():
        store._db.execute("delete from deliveries")
    assert outcomes(way(press, "halden", "s1"), Stage.DELIVERY) == ["no receiver"]


def test_what_a_silence_mutes_names_the_silence(press: Press) -> None:
    with Store(press.state) as store:
        store.add_silence(
            Scope.RULE,
            "railway",
            begins=press.clock.now,
            ends=press.clock.now + timedelta(days=1),
            comment="summit day",
            by="ani",
            now=press.clock.now,
        )
    press.poll("halden", SIGNED)
    press.deliver()
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY) == ["muted", "muted"]
    assert "silence 1 of rule railway until 2026-03-03 09:30 UTC: summit day, ani" in said(made, "mail")
    assert made.outcome is Outcome.MUTED


def test_what_waits_for_a_digest_is_held_and_then_sent_in_it(press: Press) -> None:
    press.read(RULES.replace("    severity: high\n", "    severity: high\n    digest: daily 12:00 UTC\n"))
    press.poll("halden", SIGNED)
    press.deliver("mail")
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["held"]
    assert "collected for the digest of 2026-03-02 12:00 UTC" in said(made, "mail")
    press.clock.advance(timedelta(hours=4))
    press.deliver("mail")
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["sent"]
    assert said(made, "mail") == "railway: in the digest of 2026-03-02 13:40 UTC, accepted"


def test_what_a_digest_carries_stands_as_the_digest_does(press: Press) -> None:
    press.read(RULES.replace("    severity: high\n", "    severity: high\n    digest: daily 12:00 UTC\n"))
    press.poll("halden", SIGNED)
    press.deliver("mail")
    press.clock.now = START.replace(hour=12)
    press.receivers.failing["mail"] = SendError("the server answered 503")
    press.deliver("mail")
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["tried, due again"]
    assert re.match(
        r"railway: in the digest of 2026-03-02 12:00 UTC, due again .*: the server answered 503",
        said(made, "mail"),
    )
    press.receivers.failing["mail"] = SendError("timed out", uncertain=True)
    press.clock.advance(timedelta(hours=1))
    press.deliver("mail")
    assert outcomes(way(press, "halden", "s1"), Stage.DELIVERY, "mail") == ["uncertain"]
    press.receivers.failing.clear()
    press.clock.advance(timedelta(hours=1))
    press.deliver("mail")
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["sent again"]
    assert "in the digest of 2026-03-02 12:00 UTC, accepted; an earlier attempt may" in said(made, "mail")
    with Store(press.state) as store, store.transaction():
        store._db.execute("update letters set state = 'dead', uncertain = 0, error = 'no such mailbox'")
        store._db.execute("update deliveries set state = 'held' where letter is not null")
    assert outcomes(way(press, "halden", "s1"), Stage.DELIVERY, "mail") == ["dead"]


def test_what_was_muted_says_which_digest_counts_it(press: Press) -> None:
    press.read(RULES.replace("    severity: high\n", "    severity: high\n    digest: daily 12:00 UTC\n"))
    until = press.clock.now + timedelta(hours=1)
    with Store(press.state) as store:
        store.add_silence(
            Scope.RULE, "railway", begins=press.clock.now, ends=until, comment="x", by="", now=press.clock.now
        )
    press.poll("halden", SIGNED)
    press.deliver("mail")
    press.clock.now = until
    press.poll("kura", Item("o1", "Museum in Oslo shows a railway agreement of 1905"))
    press.deliver("mail")
    press.clock.now = START.replace(hour=12)
    press.deliver("mail")
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["muted"]
    assert said(made, "mail").endswith("UTC: x; counted in the digest of 2026-03-02 12:00 UTC")


def test_what_is_over_its_rules_limit_is_limited(press: Press) -> None:
    press.read(RULES.replace("    severity: high\n", "    severity: high\n    limit: 1 per day\n"))
    press.poll("halden", SIGNED)
    press.deliver("mail")
    press.poll("halden", Item("o1", "Museum in Oslo shows a railway agreement of 1905"))
    press.deliver("mail")
    assert outcomes(way(press, "halden", "s1"), Stage.DELIVERY, "mail") == ["sent"]
    made = way(press, "halden", "o1")
    assert outcomes(made, Stage.DELIVERY, "mail") == ["limited"]
    assert "over its rule's limit" in said(made, "mail")


def test_an_acknowledgement_and_what_is_dropped_are_told(press: Press) -> None:
    press.poll("halden", SIGNED)
    number = press.id_of("halden", "s1")
    with Store(press.state) as store, store.transaction():
        store.acknowledge(store.alerts_of(number), by="ani", now=press.clock.now)
    with Store(press.state) as store:
        store.drop(Choice(receivers=("mail",)), now=press.clock.now)
    made = way(press, "halden", "s1")
    assert outcomes(made, Stage.DELIVERY) == ["acknowledged", "waiting", "dropped"]
    assert made.of(Stage.DELIVERY)[0].said == "railway: seen to by ani"


def test_what_was_spared_a_second_receiver_or_passed_on_to_it_says_so() -> None:
    sending = Sending("mail", "acked", START, 0, uncertain=False, error="", sent=None, escalated=True)
    assert outcome_of(sending) is Outcome.ACKNOWLEDGED


# ---- the list and the command ------------------------------------------------------------------------------


def test_the_document_lists_every_outcome_once_and_no_other() -> None:
    listed = re.findall(r"^\| \*\*(.+?)\*\* \| (.+?) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted((outcome.value, outcome.means) for outcome in Outcome)


def test_every_outcome_is_brought_about_by_a_test_here() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [
        one.value for one in Outcome if f'"{one.value}"' not in text and f"Outcome.{one.name}" not in text
    ] == []


@pytest.fixture
def ask(press: Press) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return called(*words, "--state", press.state)

    return run


def test_why_takes_a_number_an_address_or_a_title(
    press: Press, ask: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    press.poll("halden", SIGNED, MET)
    press.deliver()
    number = press.id_of("halden", "s1")
    with Reading(press.state) as reading:
        facts = reading.facts(number)
    assert facts is not None
    alert = facts.tellings[0].alert
    for named in (
        f"{number:016x}",
        str(number),
        f"{alert:016x}",
        "https://halden.example/s1?utm_source=x",
        "railway agreement in",
    ):
        told = ask("why", named)
        assert told.returncode == 0, told.stderr
        assert "outcome: sent" in told.stdout
        assert "alerted: railway" in told.stdout
        assert '"railway agreement" (title)' in told.stdout
        assert "\nlanguage: unknown: no rule's lang keeps it away\n" in told.stdout
    with Store(press.state) as store, store.transaction():
        store._db.execute("insert into bygone (id) values (4711)")
    pruned = ask("why", "4711")
    assert pruned.returncode != 0 and "its texts were pruned" in pruned.stderr
    values = json.loads(ask("why", f"{number:016x}", "--json").stdout)
    assert values["outcome"] == "sent"
    assert [step["outcome"] for step in values["steps"]][:3] == ["news", "new story", "alerted"]


def test_why_says_whose_word_the_language_is() -> None:
    plain = entry(Feed("a", "", "A"), Item("1", "The ministers have signed an agreement after talks"))
    assert language(replace(plain, lang="en"), operators=None) == "en, by its words"
    assert language(replace(plain, lang="de"), operators=None) == "de, as it is declared"
    assert language(replace(plain, lang="de"), operators="de") == "de, as the feed's lang says"
    assert language(replace(plain, lang=None), operators="de") == "unknown: no rule's lang keeps it away"


def test_why_says_the_nearest_rule_and_hides_those_that_found_nothing(
    press: Press, ask: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    press.poll("halden", Item("a", "Merz meets ministers"))
    told = ask("why", "Merz meets ministers").stdout
    assert "nearest: aliyev-talks: $aliyev is not mentioned" in told
    assert "3 rules found too little (--all shows each)" in told
    assert "no match: ferry" in ask("why", "Merz meets ministers", "--all").stdout


def test_why_of_several_or_of_none_says_what_to_do(
    press: Press, ask: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    press.poll("halden", Item("a", "Merz meets ministers"), Item("b", "Merz meets bakers"))
    several = ask("why", "Merz meets")
    assert several.returncode == 2
    assert "2 entries are this" in several.stderr and "Merz meets bakers" in several.stderr
    none = ask("why", "Nothing of the kind")
    assert none.returncode == 2
    assert "monitor stories search" in none.stderr
    assert ask("why", "https://nowhere.example/x").returncode == 2
    assert ask("why", "12345").returncode == 2


def test_why_without_a_kept_desk_takes_the_rules_of_a_folder(
    press: Press, ask: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    press.poll("halden", SIGNED)
    with Store(press.state) as store, store.transaction():
        store._db.execute("delete from desk")
    told = ask("why", "railway agreement", "--rules", str(press.folder / "rules"))
    assert "alerted: railway" in told.stdout, told.stderr


def test_why_where_nothing_has_run_says_so(tmp_path: Path) -> None:
    told = called("why", "1", "--state", tmp_path)
    assert told.returncode == 2
    assert "no monitor has run here yet" in told.stderr
