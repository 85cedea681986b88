"""A desk to begin with: its files as text, from a topic and an address, and their place in a folder.

What it writes is read back as the daemon would before it is put in place, whole, and over nothing.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from monitor import config, text
from monitor.errors import ConfigError, UsageError
from monitor.feeds.opml import slug

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RULES, STATE, SECRET = "rules", "state", "secrets/me"
TOPIC = "ceasefire, peace agreement"

# World news in English: outlets that all carry the same large stories, so that folding copies can be seen.
FEEDS = (
    ("bbc-world", "https://feeds.bbci.co.uk/news/world/rss.xml", "BBC News"),
    ("guardian-world", "https://www.theguardian.com/world/rss", "The Guardian"),
    ("aljazeera", "https://www.aljazeera.com/xml/rss/all.xml", "Al Jazeera"),
)

_MAIL = re.compile(r"[^\s@/:]+@[^\s@/:]+")
_CHOICE = re.compile(r"\(([^()|]*)[^()]*\)")
_QUIET = ("A quiet morning in town", "Zoo welcomes twin pandas", "Nothing to report")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a desk to begin with is to watch, and where its alerts go: a mail or any Apprise address."""

    topic: str
    to: str
    feeds: tuple[str, ...] = ()  # addresses; without any, those of FEEDS
    allow_private: bool = False


def begin(folder: Path, wish: Wish) -> Path:
    """Write the desk into `rules` of this folder, and make `state` beside it; where the rules are now.

    Raises UsageError where rules are already, where nothing can be written, and for a topic or address that
    makes no desk.
    """
    _look_over(wish)
    place = folder / RULES
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(
            "there is something here already, and it stays",
            where=str(place),
            remedy="name another folder: monitor init DIR",
        )
    ours = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".beginning-", dir=folder) as beside:
            made = Path(beside) / RULES
            _write(made, files(wish), secret=address(wish.to))
            _read_back(made)
            made.replace(place)
        (folder / STATE).mkdir(mode=0o700, exist_ok=True)
    except UsageError:
        _unmake(ours)
        raise
    except OSError as error:
        _unmake(ours)
        raise UsageError(
            f"the desk cannot be written: {error.strerror}",
            where=str(folder),
            remedy="see who may write there",
        ) from error
    return place


def _look_over(wish: Wish) -> None:
    """Raises UsageError for what the files' own mistakes would say in words that nobody has read yet."""
    wordless = [phrase for phrase in _phrases(wish) if not _plain(phrase).strip()]
    if wordless or not _phrases(wish):
        raise UsageError(
            "the topic has no word in it",
            where=", ".join(wordless),
            remedy='say it in words: --topic "ferry*, port strike"',
        )
    scheme, colon, rest = wish.to.partition("://")
    if not colon and "@" in wish.to and (not _MAIL.fullmatch(wish.to) or _is_number(wish.to)):
        raise UsageError(f'"{wish.to}" is not one plain mail address', remedy="write it as duty@example.org")
    server, _, settings = rest.partition("?")
    if scheme.lower() in ("mailto", "mailtos") and _is_number(server) and "from=" not in settings:
        raise UsageError(
            "a mail server without a name names no sender",
            remedy="write from= and to= behind it: ?from=duty@example.org&to=duty@example.org",
        )


def _is_number(place: str) -> bool:
    """Whether what is behind the @, or is asked, is an IP number."""
    host = place.rpartition("@")[2].partition("/")[0]
    return host.startswith("[") or bool(re.fullmatch(r"[0-9.]+(:[0-9]*)?", host))


def _phrases(wish: Wish) -> list[str]:
    return [phrase.strip() for phrase in wish.topic.split(",") if phrase.strip()]


def _unmake(folders: Sequence[Path]) -> None:
    """Take away these folders, the innermost first, as far as nothing stands in them."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _write(place: Path, made: Mapping[str, str], *, secret: str) -> None:
    place.mkdir(mode=0o700)
    for name, content in made.items():
        (place / name).write_text(content, "utf-8")
    hidden = place / SECRET
    hidden.parent.mkdir(mode=0o700)
    with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")


def _read_back(place: Path) -> None:
    try:
        config.load_desk(place, env={}, secrets_required=True)
    except ConfigError as error:
        fault = error.faults[0]
        raise UsageError(f"this makes no desk: {fault.what}", remedy=fault.remedy) from error


def address(to: str) -> str:
    """Where alerts go, as Apprise writes it.

    A mail address goes by this machine's own mail server, with itself as sender; a web address that no
    service of Apprise's claims is a program's, which gets JSON.
    """
    if _MAIL.fullmatch(to):
        return f"mailto://localhost:25?from={quote(to)}&to={quote(to)}&mode=insecure"
    scheme, colon, rest = to.partition("://")
    if colon and scheme.lower() in ("http", "https") and not _is_known(to):
        return f"{'jsons' if scheme.lower() == 'https' else 'json'}://{rest}"
    return to


def _is_known(url: str) -> bool:
    from monitor.alerts.notify import faults
    from monitor.model import Receiver

    return not faults(Receiver("me", url))


# ---- the files ---------------------------------------------------------------------------------------------


def files(wish: Wish) -> dict[str, str]:
    """The text of each file, by name; the address of the receiver is in none of them."""
    return {
        "feeds.yaml": _feeds(wish),
        "receivers.yaml": _RECEIVERS,
        "rules.yaml": _rules(_phrases(wish)),
    }


def _feeds(wish: Wish) -> str:
    given = [(f"feed-{number}", url, config.host_of(url)) for number, url in enumerate(wish.feeds, start=1)]
    private = "    allow-private: yes\n" if wish.allow_private else ""
    blocks = [
        f"  - name: {name}\n    url: {_quoted(url)}\n    outlet: {_quoted(outlet)}\n{private}"
        for name, url, outlet in given or FEEDS
    ]
    return _FEEDS_HEAD + "".join(blocks)


def _rules(phrases: Sequence[str]) -> str:
    told = [_plain(phrase) for phrase in phrases]
    match = "".join(f"        - {_quoted(f'Today: {phrase}')}\n" for phrase in told[:2])
    heads = {word[:3] for phrase in told for word in text.folded_words(phrase)}
    quiet = next((one for one in _QUIET if not heads & {w[:3] for w in text.folded_words(one)}), "")
    return _RULES.format(
        id=slug(told[0])[:40].strip("-") if told and slug(told[0]) else "my-topic",
        title=_quoted(told[0][:1].upper() + told[0][1:] if told else ""),
        words="".join(f"      - {_quoted(phrase)}\n" for phrase in phrases) or "      []\n",
        match=match,
        ignore=f"      ignore:\n        - {_quoted(quiet)}\n" if quiet else "",
    )


def _plain(phrase: str) -> str:
    """What a phrase of the rules' language finds, as a headline would have it."""
    return _CHOICE.sub(r"\1", phrase).replace("*", "").replace("=", "")


def _quoted(value: str) -> str:
    """JSON strings are YAML strings, whatever stands in them."""
    return json.dumps(value, ensure_ascii=False)


_FEEDS_HEAD = """\
# What is read. A block a feed: a name for good (a-z, 0-9 and hyphens), its address, and who publishes.
# To add one: monitor feeds add https://www.example.org/ (it finds the feed behind a page), or
# monitor feeds import list.opml. Both write feeds-added.yaml; this file is yours.
feeds:
"""

_RECEIVERS = f"""\
# Whom alerts go to: a name, and the place where its address is kept, since an address holds passwords.
# The address of "me" stands in {SECRET}, one line, for your eyes alone. To change it, write there
#   mailtos://USER:PASSWORD@smtp.example.org:587?from=monitor@example.org&to=you@example.org
#   slack://TOKENA/TOKENB/TOKENC/#channel?footer=no&image=no
#   jsons://example.org/path                                  a program of yours: POST of JSON
# or any address of Apprise's, and try it: monitor receivers test me
receivers:
  me: ${{file:{SECRET}}}

# Whom to tell of the desk itself: feeds that fail, mistakes in these files.
settings:
  operators: me
"""

_RULES = """\
# What is looked for. Each rule tells its receivers once a story, however many outlets carry it.
rules:
  - id: {id}        # for good: its history hangs on it
    title: {title}
    any:            # one of these words or phrases; "sanction*" finds every ending
{words}    severity: high  # low, normal, high or critical
    send: [me]
    examples:       # tried before a change is taken over: what must fire it, and what must not
      match:
{match}{ignore}
# Names with their spellings, and conditions, when a list of words is too coarse:
#
# names:
#   aliyev:
#     name: Ilham Aliyev
#     full: [Ilham Aliyev, Ильхам Алиев]      # monitor rules suggest "Ilham Aliyev" prints more
# terms:
#   sanctions:
#     words: [sanction*]
# rules:
#   - id: sanctions
#     when: $sanctions near/12 $aliyev
#     send: [me]
"""
