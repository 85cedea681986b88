"""The compressed morning as data: who publishes what and when, and what the desk must be told of it.

An event breaks, is carried by other outlets under their own furniture, develops, is reported in four more
languages and mentioned in sidebars. EXPECTED and SILENT say what has to arrive and what must not, each with
its reason; shortfalls() holds what did arrive against them.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.demo import texts
from monitor.demo.desk import DESK
from monitor.text import folded_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.demo.sinks import Arrival
    from monitor.demo.texts import Text

__all__ = [
    "CHAT", "DESK", "ENTRIES", "EXPECTED", "LAST", "MAIL", "MORNING", "OUTLETS", "SILENT", "STORIES",
    "Expected", "Outlet", "Publication", "Silent", "shortfalls",
]  # fmt: skip

CHAT = "slack-desk"
MAIL = "email-duty"


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who publishes, and how its server behaves.

    name:       the feed's name and the first part of its address
    title:      as readers know it
    format:     "rss" or "atom"
    validators: which it sends: "both", "etag", "date" or "none" (then the same bytes come with every poll)
    gzip:       whether it compresses for those who accept that
    dated:      whether its entries carry dates
    down_at:    the first poll after this moment, in seconds, is answered with 503; None for never
    """

    name: str
    title: str
    format: str
    lang: str = "en"
    validators: str = "both"
    gzip: bool = False
    dated: bool = True
    down_at: float | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """One thing an outlet publishes.

    at:    seconds from the start of the show; 0 stands in the feed when it is first polled
    story: the key under which copies belong together (a development and its copies have one of their own),
           and by which EXPECTED and SILENT speak of them
    edits: whether it replaces what stood under the same guid
    """

    at: float
    outlet: str
    story: str
    guid: str
    title: str
    summary: str
    body: str
    lang: str
    edits: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """One message that must arrive, once: at this receiver, of this story, naming just these rules.

    develops: the story that it is told as a development of; "" for one told as new
    """

    receiver: str
    story: str
    rules: frozenset[str]
    reason: str
    develops: str = ""


@dataclass(frozen=True, slots=True)
class Silent:
    """A story of which nobody must be told, and why."""

    story: str
    reason: str


OUTLETS: tuple[Outlet, ...] = (
    Outlet("halden-wire", "Halden Wire", "rss", gzip=True),
    Outlet("lorikeet-press", "Lorikeet Press", "atom", validators="etag"),
    Outlet("riverside-courier", "Riverside Courier", "rss"),
    Outlet("caspian-ledger", "Caspian Ledger", "rss", down_at=2.0),
    Outlet("northgate-times", "Northgate Times", "atom", gzip=True),
    Outlet("harbour-post", "Harbour Post", "rss", validators="none"),
    Outlet("tidewater-business", "Tidewater Business", "rss", validators="date"),
    Outlet("sidewalk-gazette", "Sidewalk Gazette", "atom", dated=False),
    Outlet("touchline-daily", "Touchline Daily", "rss", validators="etag"),
    Outlet("vestnik-zari", "Вестник Зари", "rss", lang="ru"),
    Outlet("perekrestok", "Перекрёсток", "atom", lang="ru", gzip=True),
    Outlet("seyyare-xeber", "Səyyarə Xəbər", "rss", lang="az"),
    Outlet("aragil-lur", "Արագիլ լուր", "rss", lang="hy", validators="date"),
    Outlet("mertskhali", "მერცხალი", "atom", lang="ka"),
)


# ---- who publishes what, when ------------------------------------------------------------------------------


def _publication(
    at: float, outlet: str, story: str, text: Text, *, guid: str = "", edits: bool = False
) -> Publication:
    return Publication(
        at, outlet, story, guid or story, text.title, text.summary, text.body, text.lang, edits
    )


def _titled(text: Text, *, before: str = "", after: str = "") -> Text:
    """The text under a title with an outlet's or an agency's furniture."""
    return replace(text, title=f"{before}{text.title}{after}")


def _datelined(text: Text, dateline: str) -> Text:
    return replace(text, summary=dateline + text.summary, body=dateline + text.body)


def _reworded(text: Text, change: tuple[str, str]) -> Text:
    """The text with one light edit of an editor's hand."""
    old, new = change
    assert old in text.body
    return replace(text, body=text.body.replace(old, new))


_T = texts  # so that a row of the programme stays a row

MORNING: tuple[Publication, ...] = (
    *(_publication(0, outlet, f"before-{outlet}", text) for outlet, text in _T.BEFORE.items()),
    # The event, and seven outlets that carry the agency's text under furniture of their own.
    _publication(1.0, "halden-wire", "railway", _T.RAILWAY),
    _publication(1.8, "riverside-courier", "railway", _titled(_T.RAILWAY, after=" - Riverside Courier")),
    _publication(2.0, "northgate-times", "railway", _datelined(_T.RAILWAY, "TBILISI (Halden Wire) - ")),
    _publication(2.4, "caspian-ledger", "railway", _reworded(_T.RAILWAY, _T.NIGHT_OF_TALKS)),
    _publication(2.8, "harbour-post", "railway", _titled(_T.RAILWAY, before="BREAKING: ")),
    _publication(3.2, "tidewater-business", "railway", _titled(_T.RAILWAY, before="RPT-")),
    _publication(
        3.6,
        "lorikeet-press",
        "railway",
        _reworded(_datelined(_T.RAILWAY, "TBILISI, Georgia - "), _T.OFFICIALS),
    ),
    _publication(
        4.0, "halden-wire", "railway", _titled(_T.RAILWAY, before="UPDATE 1-"), guid="railway-update"
    ),
    _publication(4.4, "sidewalk-gazette", "railway", _titled(_T.RAILWAY, after=" | Sidewalk Gazette")),
    _publication(5.0, "halden-wire", "railway", replace(_T.RAILWAY, title=_T.RETITLED), edits=True),
    # The event in other languages; the Russian text is syndicated too.
    _publication(1.9, "vestnik-zari", "railway-ru", _T.RAILWAY_RU),
    _publication(2.9, "perekrestok", "railway-ru", _titled(_T.RAILWAY_RU, after=" - Перекрёсток")),
    _publication(2.2, "seyyare-xeber", "railway-az", _T.RAILWAY_AZ),
    _publication(2.5, "aragil-lur", "railway-hy", _T.RAILWAY_HY),
    _publication(2.7, "mertskhali", "railway-ka", _T.RAILWAY_KA),
    # What follows from it: news of its own, and copies of that.
    _publication(3.0, "lorikeet-press", "first-train", _T.FIRST_TRAIN),
    _publication(5.2, "harbour-post", "first-train", _titled(_T.FIRST_TRAIN, after=" - Harbour Post")),
    _publication(4.6, "northgate-times", "debate", _T.DEBATE),
    _publication(5.8, "riverside-courier", "debate", _titled(_T.DEBATE, after=" - Riverside Courier")),
    _publication(6.0, "tidewater-business", "premiums", _T.PREMIUMS),
    _publication(6.8, "halden-wire", "court", _T.COURT),
    _publication(7.6, "northgate-times", "court", _datelined(_T.COURT, "YEREVAN (Halden Wire) - ")),
    # Equal words, other news.
    _publication(3.4, "lorikeet-press", "two-wounded", _T.TWO_WOUNDED),
    _publication(5.6, "riverside-courier", "twelve-wounded", _T.TWELVE_WOUNDED),
    _publication(3.7, "tidewater-business", "imposes", _T.IMPOSES),
    _publication(6.6, "harbour-post", "lifts", _T.LIFTS),
    # Reasons that come late, and outlets that mean harm or are down.
    _publication(3.1, "perekrestok", "meeting", _T.MEETING_RU),
    _publication(6.2, "perekrestok", "meeting", _T.MEETING_RU_DECIDED, edits=True),
    _publication(3.8, "caspian-ledger", "dockers", _T.DOCKERS),
    _publication(
        6.4,
        "harbour-post",
        "dockers",
        replace(_T.DOCKERS, body=f"{_T.DOCKERS.body}\n{_T.DOCKERS_WITH_ENVOY}"),
    ),
    _publication(2.1, "caspian-ledger", "grid", _T.GRID),
    _publication(4.2, "sidewalk-gazette", "hostile", _T.HOSTILE),
    # What must stay silent.
    _publication(4.8, "sidewalk-gazette", "festival", _T.FESTIVAL),
    _publication(3.3, "northgate-times", "gardens", _T.GARDENS),
    _publication(5.1, "vestnik-zari", "theatre", _T.THEATRE_RU),
    _publication(3.5, "riverside-courier", "airport", _T.AIRPORT),
    _publication(3.9, "touchline-daily", "uefa", _T.UEFA),
    _publication(5.5, "touchline-daily", "doping", _T.DOPING),
    _publication(5.3, "perekrestok", "rally", _T.RALLY_RU),
    _publication(5.4, "northgate-times", "law-firm", _T.LAW_FIRM),
    _publication(6.3, "sidewalk-gazette", "museum", _T.MUSEUM),
    _publication(4.5, "seyyare-xeber", "football", _T.FOOTBALL_AZ),
    _publication(4.7, "aragil-lur", "weather", _T.WEATHER_HY),
    _publication(4.9, "mertskhali", "books", _T.BOOKS_KA),
)
LAST = max(publication.at for publication in MORNING)  # seconds: after this nothing new is published
ENTRIES = len({(publication.outlet, publication.guid) for publication in MORNING})
STORIES = len({publication.story for publication in MORNING})  # and developments; the others are copies


# ---- what must arrive, and what must not -------------------------------------------------------------------


def _told(
    story: str, reason: str, *, chat: str = "", mail: str = "", develops: str = ""
) -> Iterable[Expected]:
    """What a story calls for: the rules (parted by spaces) that the chat and the mailbox are to be told."""
    for receiver, rules in ((CHAT, chat), (MAIL, mail)):
        if rules:
            yield Expected(receiver, story, frozenset(rules.split()), reason, develops)


_BOTH = "railway-agreement envoys-named"  # the envoys are named for the chat only
_RAIL = "railway-agreement"
_SANCTIONS = "sanctions-caucasus"

EXPECTED: tuple[Expected, ...] = (
    *_told("railway", "the event, once for nine entries and an edited title", chat=_BOTH, mail=_RAIL),
    *_told("railway-ru", "the event in Russian, once for two outlets", chat=_BOTH, mail=_RAIL),
    *_told("railway-az", "the event in Azerbaijani", chat=_BOTH, mail=_RAIL),
    *_told("railway-hy", "the event in Armenian", chat=_BOTH, mail=_RAIL),
    *_told("railway-ka", "the event in Georgian", chat=_BOTH, mail=_RAIL),
    *_told("first-train", "follows in other words: news of its own", chat="envoys-named"),
    *_told("debate", "once for two outlets", chat=_RAIL, mail=_RAIL, develops="railway"),
    *_told("premiums", "follows in other words: news of its own", chat=_RAIL, mail=_RAIL),
    *_told("court", "follows in other words: news of its own, once for two outlets", chat=_RAIL, mail=_RAIL),
    *_told("two-wounded", "two soldiers", mail="border-casualties"),
    *_told("twelve-wounded", "twelve are not two", mail="border-casualties", develops="two-wounded"),
    *_told("imposes", "sanctions imposed", chat=_SANCTIONS, mail=_SANCTIONS),
    *_told("lifts", "lifted, not imposed", chat=_SANCTIONS, mail=_SANCTIONS, develops="imposes"),
    *_told("meeting", "only the edited version gives a reason", chat=_SANCTIONS, mail=_SANCTIONS),
    *_told("dockers", "only the copy names the envoy, and nobody had been told yet", chat="envoys-named"),
    *_told("grid", "its outlet answered 503 once, which loses nothing", chat="grid-failure"),
    *_told("hostile", "real news of a hostile headline, defused", chat=_SANCTIONS, mail=_SANCTIONS),
)  # fmt: skip

SILENT: tuple[Silent, ...] = (
    *(Silent(f"before-{outlet.name}", "stood in the feed when it was first polled") for outlet in OUTLETS),
    Silent("festival", "names the event only under “You may also like”"),
    Silent("gardens", "names the envoy and the wounded only under “Read also”"),
    Silent("theatre", "names the event only under «Читайте также»"),
    Silent("airport", "an airport and a pioneer of aviation, not the envoy"),
    Silent("uefa", "a football body's sanctions"),
    Silent("doping", "sport"),
    Silent("rally", "«санкционированный» means permitted"),
    Silent("law-firm", "the US state, not the country"),
    Silent("museum", "a railway and an agreement, but no railway agreement"),
    Silent("football", "nothing the desk watches"),
    Silent("weather", "nothing the desk watches"),
    Silent("books", "nothing the desk watches"),
)


# ---- what did arrive ---------------------------------------------------------------------------------------

# Only chats act on these. A zero-width joiner behind the sign leaves the reader's text and takes the effect.
_LIVE_MENTION = re.compile(r"<[!@]|@(?:channel|everyone|here)\b")
_RULE_IDS = sorted({rule for expected in EXPECTED for rule in expected.rules})


def shortfalls(arrived: Sequence[Arrival]) -> list[str]:
    """What is missing, repeated, unasked for, badly explained or dangerous, a sentence each."""
    told = [(arrival, _story_of(arrival)) for arrival in arrived]
    return [
        *_missing_and_repeated(Counter((arrival.receiver, story) for arrival, story in told)),
        *(fault for arrival, story in told for fault in _faults(arrival, story)),
    ]


def _missing_and_repeated(counts: Counter[tuple[str, str]]) -> Iterable[str]:
    for expected in EXPECTED:
        count = counts[expected.receiver, expected.story]
        if count == 0:
            yield f"missing: {expected.receiver} was not told of “{expected.story}” ({expected.reason})"
        if count > 1:
            yield f"repeated: {expected.receiver} was told of “{expected.story}” {count} times"


def _faults(arrival: Arrival, story: str) -> Iterable[str]:
    """What is wrong with one message by itself."""
    if arrival.receiver == CHAT and (live := _LIVE_MENTION.search(arrival.title + arrival.body)):
        yield f"dangerous: {arrival.receiver} got a live “{live.group()}” with “{story}”"
    expected = _WANTED.get((arrival.receiver, story))
    if expected is None:
        reason = _REASONS.get(story, "not for this receiver" if story else "no story of this morning")
        yield f"unasked for: {arrival.receiver} was told of “{story or _first_line(arrival)}” ({reason})"
    elif (named := _rules_named(arrival)) != expected.rules:
        names, wanted = (", ".join(sorted(rules)) or "no rule" for rules in (named, expected.rules))
        yield f"wrong reason: {arrival.receiver} was told of “{story}” by {names} instead of {wanted}"
    elif _says_development(arrival) != bool(expected.develops):
        wanted = f"a development of “{expected.develops}”" if expected.develops else "new"
        yield f"wrong kind: {arrival.receiver} was not told of “{story}” as {wanted}"


def _story_of(arrival: Arrival) -> str:
    """The story whose headline is the first known one among the message's lines; "" for none.

    Lines are compared by their folded words, so that defusing and escaping make no difference.
    """
    lines = [*arrival.body.splitlines(), arrival.title]
    return next((_STORIES[known] for line in lines if (known := _folded(line)) in _STORIES), "")


def _rules_named(arrival: Arrival) -> frozenset[str]:
    """The ids of the rules that the message gives as its reason."""
    return frozenset(rule for rule in _RULE_IDS if re.search(rf"(?<![\w$-]){rule}(?![\w-])", arrival.body))


def _says_development(arrival: Arrival) -> bool:
    """Whether a line begins "normal, development · …"."""
    return re.search(r"^\w+, development · ", arrival.body, re.MULTILINE) is not None


def _first_line(arrival: Arrival) -> str:
    return (arrival.body or arrival.title).partition("\n")[0]


def _folded(line: str) -> str:
    return " ".join(folded_words(html.unescape(line)))


_STORIES = {_folded(publication.title): publication.story for publication in MORNING}
_WANTED = {(expected.receiver, expected.story): expected for expected in EXPECTED}
_REASONS = {silent.story: silent.reason for silent in SILENT}
