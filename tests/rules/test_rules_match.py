"""What matches and what does not: a table a feature, a reason a row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.model import Entry, Severity
from monitor.rules import document
from monitor.rules.lexicon import LONGEST_TEXT, MOST_MENTIONS
from monitor.rules.match import match
from monitor.rules.rulebook import EMPTY, Rulebook, compile_rulebook
from monitor.text import clean

if TYPE_CHECKING:
    from monitor.errors import Fault

NAMES = """
names:
  aliyev:
    name: Ilham Aliyev
    role: President of Azerbaijan
    full:
      - Ilham Aliyev
      - İlham Əliyev
      - Ильхам Алиев
      - Իլհամ Ալիև
      - ილჰამ ალიევი
      - (President|Prezident|Cumhurbaşkanı) (Aliyev|Əliyev)
      - президент Алиев
    short: [Aliyev, Əliyev, Алиев, Ալիև, ალიევი]
    context: [Azerbaijan, Azərbaycan, Азербайджан, Ադրբեջան, აზერბაიჯანი, Baku, Bakı, Баку]
    except:
      - (Heydar|Mehriban|Leyla|Arzu) (Aliyev|Aliyeva)
      - Aliyev (Center|Centre|Foundation|Airport)
  blinken: {full: [Antony Blinken]}
  baku: {full: [Baku, Bakı, Баку, Բաքու, ბაქო]}
  moscow: {full: [Москва, Moskva]}
  us: {full: [=US, U.S.]}
  pacific: {full: [de Gaulle]}
terms:
  sanctions:
    words: [sanction, sanctions, sanctioned, sanksiya*, yaptırım*, санкци*]
    except: [(UEFA|FIFA|doping) (sanction|sanctions), санкционированн*]
  deal: {words: [peace (agreement|treaty), мирн* договор*]}
  sport: {words: [football, match*]}
  who: {words: [=WHO]}
  cjk: {words: [北京]}
  talks: {words: [talks]}
"""


def compiled(*rules: str, definitions: str = NAMES) -> Rulebook:
    faults: list[Fault] = []
    root = document.read("desk.yaml", definitions + "rules:\n" + "".join(map(_indented, rules)), faults)
    assert root is not None, faults
    book = compile_rulebook(
        [root],
        receivers=["desk", "duty"],
        sources=["civilnet-en", "CivilNet", "wire", "tass"],
        read_article=lambda path: path,
        faults=faults,
    )
    assert not faults, [str(fault) for fault in faults]
    return book


def _indented(rule: str) -> str:
    return f"  - {rule}\n"


def when(condition: str) -> Rulebook:
    return compiled(f'{{id: one, when: "{condition}", send: desk}}')


def entry(title: str = "", summary: str = "", body: str = "") -> Entry:
    return Entry(
        id=1,
        feed="civilnet-en",
        outlet="CivilNet",
        guid="",
        link="",
        title=clean(title),
        summary=clean(summary),
        body=clean(body),
        published=None,
        lang=None,
        digest="",
    )


def surfaces(book: Rulebook, article: Entry) -> list[str]:
    return [mention.surface for found in match(book, article) for mention in found.mentions]


FOUND = [
    ("$aliyev", "Ilham Aliyev arrives", ["Ilham Aliyev"], "a full form always counts"),
    ("$aliyev", "Aliyev arrives", [], "a short form alone may be anybody"),
    ("$aliyev", "Aliyev arrives in Baku", ["Aliyev"], "a context word makes the short form count"),
    ("$aliyev", "Ilham Aliyev: Aliyev's day", ["Ilham Aliyev", "Aliyev's"], "so does a full form"),
    ("$aliyev", "Heydar Aliyev Airport in Baku", [], "an exception blanks the mention it overlaps"),
    ("$aliyev", "Ilham Aliyev at Heydar Aliyev Center", ["Ilham Aliyev"], "and no other"),
    ("$aliyev", "Mehriban Aliyeva in Baku", [], "a namesake"),
    ("$aliyev", "Президента Алиева ждут", ["Президента Алиева"], "each word of a phrase is declined"),
    ("$aliyev", "Ильхаму Алиеву передали", ["Ильхаму Алиеву"], "dative"),
    ("$aliyev", "Ալիեւը Ադրբեջանում", ["Ալիեւը"], "եւ is և; an article; a context word in the locative"),
    ("$aliyev", "Իլհա՞մ Ալիևի", ["Իլհա՞մ Ալիևի"], "a question mark stands inside an Armenian word"),
    ("$aliyev", "ილჰამ ალიევს შეხვდა", ["ილჰამ ალიევს"], "Georgian dative"),
    ("$aliyev", "İlham Əliyevin çıxışı", ["İlham Əliyevin"], "Azerbaijani genitive without an apostrophe"),
    ("$aliyev", "PRESIDENT ALIYEV SPEAKS", ["PRESIDENT ALIYEV"], "capitals"),
    ("$aliyev", "president aliyev speaks", [], "a name in capitals must carry one in the text"),
    ("$aliyev", "президент Алиев", ["президент Алиев"], "a word in small letters takes any"),
    ("$aliyev", "Ilham, Aliyev", [], "no phrase runs across a comma"),
    ("$aliyev", "Ilham\nAliyev", ["Ilham\nAliyev"], "a line break is no end"),
    ("$aliyev", "Ilham-Aliyev", ["Ilham-Aliyev"], "nor is a hyphen"),
    ("$blinken", "Antony J. Blinken spoke", ["Antony J. Blinken"], "one middle initial"),
    ("$blinken", "Antony J Blinken spoke", ["Antony J Blinken"], "without its full stop"),
    ("$blinken", "Antony J. K. Blinken spoke", [], "two are too many"),
    ("$blinken", "Antony x Blinken", [], "a small letter is no initial"),
    ("$baku", "Bakıdakı görüş", ["Bakıdakı"], "locative and ki"),
    ("$baku", "BAKI'da", ["BAKI'da"], "I, ı, İ and i are one letter"),
    ("$baku", "Բաքվում", ["Բաքվում"], "ու becomes վ"),
    ("$baku", "ბაქოში", ["ბაქოში"], "a postposition"),
    ("$baku", "l’Baku’nın", ["l’Baku’nın"], "an article and a suffix"),
    ("$baku", "l’Baku d'Baku", ["l’Baku", "d'Baku"], "an elided article"),
    ("$moscow", "в Москве", ["Москве"], "prepositional"),
    ("$moscow", "Москвичи", [], "another word"),
    ("$us", "US envoy", ["US"], "= keeps the capitals"),
    ("$us", "Join us", [], "the pronoun is not the country"),
    ("$us", "U.S. envoy", ["U.S"], "full stops separate words"),
    ("$us", "the US's envoy", ["US's"], "anything may follow an apostrophe"),
    ("$us", "the US'ites' envoy", ["US'ites"], "also one that closes a quotation"),
    ("$us", "the US'in'ki envoy", ["US'in'ki"], "and another"),
    ("$pacific", "De Gaulle", ["De Gaulle"], "a particle in small letters may begin a sentence"),
    ("$sanctions", "New Sanctions", ["Sanctions"], "a term in any capitals"),
    ("$sanctions", "sanctioning", [], "a term has no endings of its own"),
    ("$sanctions", "sanction's", ["sanction's"], "except after an apostrophe"),
    ("$sanctions", "санкциями", ["санкциями"], "a wildcard has any"),
    ("$sanctions", "UEFA sanctions a club", [], "an exception"),
    ("$sanctions", "UEFA sanctions and EU sanctions", ["sanctions"], "blanks its own mention alone"),
    ("$sanctions", "несанкционированная акция", [], "a word begins where it begins"),
    ("$deal", "peace treaty", ["peace treaty"], "alternatives"),
    ("$deal", "мирного договора", ["мирного договора"], "a wildcard inside a phrase"),
    ("$deal", "a peace. Agreement", [], "no phrase runs over the end of a sentence"),
    ("$deal", "the “peace” agreement", ["peace” agreement"], "quotes are no end"),
    ("$deal", "peace J. treaty", [], "no middle initial inside a term"),
    ("$aliyev", "Ilham Aliyev J. Airport", ["Ilham Aliyev"], "nor inside an exception"),
    ("$who", "WHO warns", ["WHO"], "exact capitals"),
    ("$who", "Who warns", [], "not the pronoun"),
    ("$cjk", "在北京会谈", ["北京"], "each Han character is a word"),
    ("$aliyev and $deal", "Ilham Aliyev on a peace treaty", ["Ilham Aliyev", "peace treaty"], "and"),
    ("$aliyev and $deal", "Ilham Aliyev", [], "and wants both"),
    ("$deal or $talks", "talks", ["talks"], "or wants one"),
    ("$deal and not $sport", "peace treaty", ["peace treaty"], "and not"),
    ("$deal and not $sport", "peace treaty and football", [], "what must not stand stands"),
    ("$deal and not ($sport or $who)", "peace treaty, WHO", [], "and not takes brackets"),
    ("$deal and not $sport and $talks", "peace treaty talks", ["peace treaty", "talks"], "and goes on after"),
    ("$deal AND $talks", "peace treaty talks", ["peace treaty", "talks"], "operators in any capitals"),
    ("$sanctions near/1 $baku", "sanctions on Baku", ["sanctions", "Baku"], "one word between"),
    ("$sanctions near/1 $baku", "Baku under sanctions", ["Baku", "sanctions"], "in either order"),
    ("$sanctions near/1 $baku", "sanctions on old Baku", [], "two words between"),
    ("$sanctions near/0 $baku", "sanctions Baku, Baku", ["sanctions", "Baku"], "the far one is left out"),
    ("$baku near/9 $baku", "Baku", [], "a mention is not near itself"),
    ("$baku near/9 $baku", "Baku to Baku", ["Baku", "Baku"], "two are near each other"),
    ("$sanctions before/1 $baku", "sanctions on Baku", ["sanctions", "Baku"], "before"),
    ("$sanctions before/1 $baku", "Baku under sanctions", [], "after is not before"),
    ("$sanctions near/3 ($baku or $moscow)", "Moskva sanctions", ["Moskva", "sanctions"], "near brackets"),
    ("atleast/2 $baku", "Baku, Baku", ["Baku", "Baku"], "two mentions"),
    ("atleast/2 $baku", "Baku", [], "one mention"),
    ("atleast/2 ($baku or $talks)", "Baku talks", ["Baku", "talks"], "of several names"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "title", "expected", "reason"), FOUND, ids=str)
def test_a_title(condition: str, title: str, expected: list[str], reason: str) -> None:
    assert surfaces(when(condition), entry(title)) == expected, reason


LEAD = " ".join(["word"] * 59)
ZONES = [
    ("title:$talks", entry("talks"), True, "in the title"),
    ("title:$talks", entry("x", "talks", "talks"), False, "elsewhere"),
    ("body:$talks", entry("talks", "talks", "x"), False, "the summary is no body"),
    ("body:$talks", entry("x", "", "talks"), True, "in the body"),
    ("lead:$talks", entry("x", "talks"), True, "the summary is lead"),
    ("lead:$talks", entry("x", "", LEAD + " talks"), True, "the 60th word"),
    ("lead:$talks", entry("x", "", LEAD + " word talks"), False, "the 61st"),
    ("title:($talks and $baku)", entry("talks", "Baku"), False, "a field holds for all of its brackets"),
    ("$talks near/5 $baku", entry("talks", "Baku"), False, "near stays in one field"),
    ("$talks before/5 $baku", entry("x talks", "Baku"), False, "so does before"),
    ("$talks and $baku", entry("talks", "", "Baku"), True, "and does not"),
    ("$deal", entry("peace", "treaty"), False, "no phrase runs from field to field"),
    ("$talks", entry("x", "", "a\nb\nRead also:\ntalks in Vienna"), False, "the tail never counts"),
    ("$talks", entry("x", "", "a\nRelated\nb\n" + "long " * 45 + "talks"), True, "a paragraph ends it"),
    ("$talks", entry("x", "", "a\nRelated\ntalks\n" + "long " * 40), False, "a short one does not"),
    ("$talks", entry("x", "", "a\nRelated parties met\ntalks"), True, "a sentence is no marker"),
    ("$talks", entry("x", "", "a\nSee also the talks held in old Vienna again today\nb"), True, "long"),
    ("$talks", entry("x", "", "a\nRead more about it.\ntalks"), True, "a full stop ends a sentence"),
    ("$talks", entry("x", "", "a\nAdvertisment\ntalks"), True, "furniture is blanked alone"),
    ("$talks", entry("x", "Read more: talks"), True, "a field of one line has no tail"),
    ("$talks", entry("x", "a\nЧитайте также\ntalks"), False, "Russian, in a summary"),
    ("$talks", entry("x", "", "a\nHəmçinin oxuyun\ntalks"), False, "Azerbaijani"),
    ("$talks", entry("x", "", "a\nAyrıca okuyun:\ntalks"), False, "Turkish"),
    ("$talks", entry("x", "", "a\nԿարդացե՛ք նաև\ntalks"), False, "Armenian, its mark inside the word"),
    ("$talks", entry("x", "", "a\nასევე წაიკითხეთ\ntalks"), False, "Georgian"),
    ("$aliyev", entry("Aliyev", "", "a\nSee also\nBaku"), False, "a context word in the tail is none"),
    ("$who", entry("WHO IN BAKU"), True, "= in a headline in capitals"),
    ("$pacific", entry("DE GAULLE AIRPORT"), True, "a particle in a headline in capitals"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "article", "expected", "reason"), ZONES)
def test_a_zone(condition: str, article: Entry, expected: bool, reason: str) -> None:  # noqa: FBT001  # a table's column
    assert bool(match(when(condition), article)) is expected, reason


def test_an_exact_word_may_stand_in_capitals_in_a_headline_of_capitals() -> None:
    book = compiled("{id: one, any: [=Turkey], send: desk}")
    assert surfaces(book, entry("TURKEY VOTES")) == ["TURKEY"]
    assert surfaces(book, entry("TURKEY votes")) == []
    assert surfaces(book, entry("x", "TURKEY VOTES")) == []


FILTERS = [
    ("sources: [CivilNet]", {}, True, "an outlet"),
    ("sources: [civilnet-en]", {}, True, "a feed"),
    ("sources: [wire]", {}, True, "a tag"),
    ("sources: [tass]", {}, False, "another"),
    ("not-sources: [wire]", {}, False, "a tag that is barred"),
    ("not-sources: [tass]", {}, True, "another that is barred"),
    ("lang: [en, ru]", {"lang": "ru"}, True, "a language of the list"),
    ("lang: [en]", {"lang": "en-GB"}, True, "its regions too"),
    ("lang: [en]", {"lang": "ru"}, False, "another"),
    ("lang: [nb]", {"lang": "no"}, True, "one language by two codes"),
    ("lang: [he]", {"lang": "iw"}, True, "the same the other way round"),
    ("lang: [en]", {}, True, "unknown languages pass: no alert is lost"),
]


@pytest.mark.parametrize(("line", "change", "expected", "reason"), FILTERS)
def test_a_filter(line: str, change: dict[str, str], expected: bool, reason: str) -> None:  # noqa: FBT001
    book = compiled(f"{{id: one, any: [talks], send: desk, {line}}}")
    article = replace(entry("talks"), lang=change.get("lang"))
    assert bool(match(book, article, tags=frozenset({"wire"}))) is expected, reason


def test_a_match_carries_its_rule_and_its_mentions() -> None:
    book = compiled(
        '{id: one, title: Talks in Baku, when: "$talks and $baku", severity: high, send: [desk, duty, desk]}'
    )
    (found,) = match(book, entry("Talks", "in Bakı'da"))
    assert (found.rule, found.title, found.severity, found.send) == (
        "one", "Talks in Baku", Severity.HIGH, ("desk", "duty"),
    )  # fmt: skip
    assert [(one.what, one.field, one.start, one.end, one.surface) for one in found.mentions] == [
        ("$talks", "title", 0, 5, "Talks"),
        ("$baku", "summary", 3, 10, "Bakı'da"),
    ]


def test_rules_match_in_the_order_of_the_files_and_a_plain_rule_has_defaults() -> None:
    book = compiled("{id: two, any: [talks], send: desk}", "{id: one, any: [(talks|deal)], send: desk}")
    found = match(book, entry("talks deal"))
    assert [one.rule for one in found] == ["two", "one"]
    assert [one.mentions[0].what for one in found] == ["talks", "(talks|deal)"]
    assert book.rules[0].title == "two"
    assert book.rules[0].severity is Severity.NORMAL


def test_a_mention_inside_another_of_the_same_name_is_not_told_twice() -> None:
    book = compiled("{id: one, when: $deals, send: desk}", definitions="terms: {deals: {words: [a b, b]}}\n")
    assert surfaces(book, entry("a b b")) == ["a b", "b"]


def test_the_empty_rulebook_matches_nothing() -> None:
    assert match(EMPTY, entry("talks", "Baku", "sanctions")) == ()


def test_mentions_and_text_are_bounded() -> None:
    book = when("$talks near/5 $baku")
    crowded = entry("x", "", "talks Baku " * 20_000)
    (found,) = match(book, crowded)
    assert len(found.mentions) <= 2 * MOST_MENTIONS
    far = entry("x", "", "x " * (LONGEST_TEXT // 2) + "talks Baku")
    assert match(book, far) == ()


def test_a_word_of_thousands_of_letters_costs_nothing_and_is_passed_over() -> None:
    assert surfaces(when("$talks"), entry("x", "", "a" * 60_000 + " talks " + "'a" * 30_000)) == ["talks"]


def test_the_hash_is_of_the_content_and_not_of_its_place_or_examples() -> None:
    one = compiled("{id: one, any: [talks], send: desk}")
    moved = compiled("{any: [talks], id: one, send: desk}", definitions="# moved\n" + NAMES)
    shown = compiled("{id: one, any: [talks], send: desk, examples: {match: [talks]}}")
    other = compiled("{id: one, any: [talk], send: desk}")
    assert one.hash == moved.hash == shown.hash != other.hash
    assert int(one.hash, 16) >= 0
