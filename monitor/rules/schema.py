"""The rule files as a JSON Schema (draft 7), for editors: keys, choices, and a sentence on each.

A test holds it in step with the loader, which is stricter: it also knows names, receivers and conditions.
"""

from __future__ import annotations

from typing import Any

from monitor.model import Severity

# How each of the two common kinds of editor is told of the schema, at the top of a file.
MODELINES = (
    "# yaml-language-server: $schema={path}",  # VS Code, Neovim, Emacs, Helix
    "# $schema: {path}",  # JetBrains
)

# Every scalar is text to the loader, whatever YAML would make of it: NO, 12:30, 010.
_SCALAR = ["string", "number", "boolean"]


def schema() -> dict[str, Any]:
    """The schema of one rule file."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "media-monitor rules",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "settings": _map(_SETTINGS, "What is true of the whole desk. In one file only."),
            "feeds": {
                "description": "The feeds that are read.",
                "type": "array",
                "items": _map(_FEED, "One address that is polled.", required=("name", "url")),
            },
            "receivers": _named(
                {
                    "description": "A named destination: its address, or a map with it and when it is told.",
                    "anyOf": [_ADDRESS, _map(_RECEIVER, "A destination.", required=("url",))],
                }
            ),
            "names": _named(
                _map(_NAME, "A person, place or body; asked for as $key.")
                | {"anyOf": [{"required": ["full"]}, {"required": ["short", "context"]}]},
                pattern=_KEY,
            ),
            "terms": _named(
                _map(_TERM, "Common words; asked for as $key.", required=("words",)), pattern=_KEY
            ),
            "rules": {
                "description": "What is watched for, and who is told.",
                "type": ["array", "null"],
                "items": _map(_RULE, "A standing interest.", required=("id", "send"))
                | {"oneOf": [{"required": ["when"]}, {"required": ["any"]}]},
            },
        },
    }


# ---- parts -----------------------------------------------------------------------------------------------


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, "type": _SCALAR, **more}


def _texts(description: str, *, fewest: int = 0, **more: Any) -> dict[str, Any]:
    """A list of texts, or one text."""
    one = {"type": _SCALAR, **more}
    return {"description": description, "anyOf": [one, {"type": "array", "minItems": fewest, "items": one}]}


def _map(properties: dict[str, Any], description: str, *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": description,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return found | ({"required": list(required)} if required else {})


def _named(value: dict[str, Any], *, pattern: str = "") -> dict[str, Any]:
    """A map whose keys are the writer's own names."""
    found: dict[str, Any] = {"type": ["object", "null"], "additionalProperties": value}
    return found | ({"propertyNames": {"pattern": f"^{pattern}$"}} if pattern else {})


_KEY = "[a-z0-9][a-z0-9-]*"
_LANG = "^[a-z]{2,3}$"

# Looser than the loader, which also knows zones and what a day holds; white space may stand round it.
_DAILY = r"daily(\s+at)?\s+\d{1,2}:\d{2}\s+\S+"
_TIMETABLE = rf"^\s*(hourly|{_DAILY})\s*$"
_HOURS = r"^\s*(\S+\s+)?\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}\s+\S+\s*$"
_LIMIT = r"^\s*[1-9]\d{0,3}\s+per\s+(hour|day)\s*$"
_SPAN = r"^\s*\d{1,6}\s*(s|sec|min|h|d|seconds?|minutes?|hours?|days?)\s*$"
_COLLECTS = "Alerts are collected and go together:"

_WEB = {
    "bind": _text("The IP address to serve at. Beyond 127.0.0.1 it takes a token or a user-header."),
    "port": _text("The port. Default: 8650."),
    "hosts": _texts("The names that browsers reach it by, besides localhost.", fewest=1),
    "token": _text("What people log in with: ${credential:NAME}, 20 characters or more."),
    "user-header": _text("The header in which a reverse proxy says who asks."),
    "proxies": _texts("The addresses of proxies that are believed. Default: this machine.", fewest=1),
    "zone": _text("The time zone of the page: Asia/Tbilisi. Default: UTC."),
}
_SETTINGS = {
    "contact": _text("Whom feeds' owners can write to; goes into each request. Plain ASCII."),
    "operators": _text(
        "The receiver that is told when the files have mistakes, feeds fail, alerts are stuck."
    ),
    "digest": _text(
        "When what is over a limit goes, where nothing else says so: hourly.", pattern=_TIMETABLE
    ),
    "heartbeat": _text(
        "When the operators hear that the desk lives: daily 09:00 Asia/Baku.", pattern=_TIMETABLE
    ),
    "alive": {
        "description": "An address of a service that misses us; it is asked every 5 min while all is well.",
        "anyOf": [
            {"type": _SCALAR},
            _map(
                {
                    "url": _text("The address: ${credential:NAME}."),
                    "every": _text("10 min, 1 h. From 1 min to 1 d.", pattern=_SPAN),
                },
                "The address, and how often.",
                required=("url",),
            ),
        ],
    },
    "milestones": {
        "description": "How many outlets make a story that was told worth a note: [5, 20, 50]; [] for never.",
        "type": "array",
        "items": {"type": "integer", "minimum": 2, "maximum": 10_000},
    },
    "keep": _text("How long texts are kept, such as 90 days (7 at least), or forever."),
    "metrics": _text("Where Prometheus may read how the daemon does, such as 127.0.0.1:9464."),
    "metrics-public": _text("yes, where other machines may read it too."),
    "push": _map(
        {
            "listen": _text("Where the daemon listens for hubs, such as 127.0.0.1:8090."),
            "address": _text("What leads there from the open network: https://monitor.example.org/push."),
        },
        "News by push (WebSub), from feeds that name a hub. Default: none; feeds are polled either way.",
        required=("listen", "address"),
    ),
    "web": _map(_WEB, "Where the desk's page is served, and to whom. Default: on this machine."),
    "engine": _text(
        "Who polls: local, or the workers of a Dask scheduler: dask tls://host:8786.",
        pattern=r"^\s*(local|dask tls://\S+)\s*$",
    ),
    "engine-tls": _map(
        {
            "ca": _text("The authority of the cluster's own certificates."),
            "certificate": _text("Ours."),
            "key": _text("Its key, without a password."),
        },
        "The files in PEM that the scheduler is met with.",
        required=("ca", "certificate"),
    ),
}
_ADDRESS = _text("An Apprise address; keep secrets out: ${credential:NAME}.")
_RECEIVER = {
    "url": _ADDRESS,
    "quiet": _text(
        "Hours in which it is not told: 22:00-07:00 Asia/Baku. Critical comes through.", pattern=_HOURS
    ),
    "digest": _text(
        f"{_COLLECTS} hourly, or daily 08:00 Asia/Baku. Critical does not wait.", pattern=_TIMETABLE
    ),
    "escalate": _map(
        {
            "to": _text("The receiver that is told then."),
            "after": _text("15 min, 1 h. From 1 min to 1 d.", pattern=_SPAN),
        },
        "Whom a critical alert goes to that nobody acknowledges.",
        required=("to", "after"),
    ),
}
_FEED = {
    "name": _text(
        "Small letters, digits and hyphens, and for good: history hangs on it.", pattern=f"^{_KEY}$"
    ),
    "url": _text("The address; it may change."),
    "outlet": _text("Who publishes. Several feeds of one outlet share it."),
    "tags": _texts('Your own words, for "sources:" in a rule.'),
    "lang": _text("en, ru, hy, ...; leave it out where a feed mixes languages.", pattern=_LANG),
    "every": _text("How often to look: 10 min, 1 h. From 1 s to 7 d."),
    "allow-private": _text("yes, for hosts of your own that have no public address."),
    "recurring": _text("yes, where one title comes day after day over other news: Press review."),
    "full_text": _text("yes, to read the pages of its new entries too: docs/full-text.md."),
    "aggregator": _text(
        "yes, where it shows what others publish: an entry's outlet is its source; no, where it does not."
        " Left out, Google News, Bing and items that name the source of another site are known."
    ),
    "headers": _named(_text("A header for the feed's own host; keep secrets out: ${credential:NAME}.")),
    "auth": _map(
        {"user": _text("The user's name."), "password": _text("Keep it out: ${credential:NAME}.")},
        "HTTP basic authentication.",
        required=("user", "password"),
    ),
    "proxy": _text(
        "The proxy that it is asked through: http://host:port, socks5h://host:port or socks5://host:port."
    ),
    "tls": _map(
        {
            "ca": _text("A PEM file of authorities, in the system's stead."),
            "certificate": _text("A PEM file of a certificate to show."),
            "key": _text("Its key, without a password."),
        },
        "Files from the folder of rules, or ${credential:NAME}.",
    ),
}
_SPELLINGS = "word* any ending, =Word exactly these capitals, (a|b) either."
_NAME = {
    "name": _text("As people say it."),
    "role": _text("For readers of the file."),
    "full": _texts(f"Always a mention. Endings are understood. {_SPELLINGS}"),
    "short": _texts("A mention only beside a full form or a context word of the same article."),
    "context": _texts("Words that make the short forms believable."),
    "except": _texts(
        "Longer phrases that are somebody or something else; they strike out what they overlap."
    ),
}
_TERM = {
    "words": _texts(f"What to look for. No endings of their own: write *. {_SPELLINGS}", fewest=1),
    "except": _texts("Longer phrases in which the word means something else."),
}
_ARTICLE = {
    "title": _text("The headline."),
    "summary": _text("What the feed says of it."),
    "body": _text("The text."),
    "source": _text("The feed, outlet or tag it came from."),
    "lang": _text("Its language."),
    "file": _text("A saved article beside the rules; its first line is the title."),
}
_EXAMPLES = {
    "anyOf": [
        {"type": _SCALAR},
        _map(_ARTICLE, "An article."),
        {"type": "array", "items": {"anyOf": [{"type": _SCALAR}, _map(_ARTICLE, "An article.")]}},
        {"type": "null"},
    ]
}
_RULE = {
    "id": _text("For good: history hangs on it. Renamed? Add was:.", pattern=f"^{_KEY}$"),
    "title": _text("What a message calls it."),
    "when": _text(
        "$name, and, and not, or, brackets, near/N, before/N, atleast/N, title: lead: body:.", minLength=1
    ),
    "any": _texts("Phrases of which one is enough, instead of when:.", fewest=1),
    "sources": _texts("Only from these feeds, outlets or tags.", fewest=1),
    "not-sources": _texts("Never from these feeds, outlets or tags.", fewest=1),
    "lang": _texts("Only in these languages.", fewest=1, pattern=_LANG),
    "severity": _text("How urgent it is.", enum=[level.name.lower() for level in Severity]),
    "send": _texts("The receivers that are told.", fewest=1),
    "limit": _text("6 per hour, 20 per day; what is over waits for a digest.", pattern=_LIMIT),
    "digest": _text(f"{_COLLECTS} hourly, or daily 08:00 Asia/Baku.", pattern=_TIMETABLE),
    "active": _text("Outside of these hours its alerts wait: Mon-Fri 07:00-22:00 Asia/Baku.", pattern=_HOURS),
    "was": _text("The id that the rule had before.", pattern=f"^{_KEY}$"),
    "examples": _map(
        {
            "match": {"description": "Must fire the rule.", **_EXAMPLES},
            "ignore": {"description": "Must not.", **_EXAMPLES},
            "later": {"description": "Known failures: reported, and no mistakes.", **_EXAMPLES},
        },
        "Headlines or articles, tried before any change is taken over.",
    ),
}
