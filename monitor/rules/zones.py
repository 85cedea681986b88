"""Which parts of a text are not the article: its tail of other headlines, and one-line furniture.

Takes a field's text, and which of its lines recurring.py knows from elsewhere; returns the spans to ignore,
each with its reason. Markers are data, a list a language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.text import WORD, fold, folded_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_MARKER_LINE = 8  # words; a longer line is a sentence
REAL_PARAGRAPH = 45  # words; the article goes on after an inset of links

# A marker of one word must be all of its line, or end in a colon: "Related parties met" is a sentence.
MARKERS = {
    "en": (
        "You may also like", "You might also like", "See also", "Read also", "Also read", "Read more",
        "Read next", "Read this next", "More from", "More on", "More news", "More stories", "Most read",
        "Most popular", "Promoted", "Promoted stories", "Sponsored", "Sponsored content", "Related",
        "Related stories", "Related articles", "Related news", "Related posts", "Related topics",
        "Related coverage", "Related content", "Recommended", "Recommended for you",
        "Recommended stories", "Trending", "Trending now", "Latest news", "Latest stories",
        "Top stories", "Editor's picks", "Editors' picks", "Don't miss", "Up next", "What to read next",
        "In other news", "Leave a reply", "Leave a comment", "Post a comment", "Comments", "Share this",
        "Tags", "From our partners", "Around the web", "Popular now", "Other news", "Previous article",
        "Next article",
    ),
    "ru": (
        "Читайте также", "Читать также", "Читайте ещё", "Читайте далее", "Смотрите также", "См. также",
        "По теме", "Материалы по теме", "Новости по теме", "Ещё по теме", "Другие новости",
        "Ещё новости", "Главные новости", "Последние новости", "Новости партнёров", "Похожие новости",
        "Похожие материалы", "Популярное", "Самое читаемое", "Рекомендуем", "Вам может быть интересно",
        "Вам также может понравиться", "Реклама", "Комментарии", "Оставить комментарий", "Теги",
        "Лента новостей",
    ),
    "tr": (
        "Ayrıca okuyun", "Bunlar da ilginizi çekebilir", "İlginizi çekebilir", "Bunu da okuyun",
        "Bunları da okuyun", "İlgili haberler", "İlgili haber", "Benzer haberler", "Diğer haberler",
        "Son haberler", "Son dakika haberleri", "Çok okunanlar", "En çok okunanlar", "Önerilen haberler",
        "Sizin için önerilenler", "Daha fazla haber", "Sponsorlu içerik", "Yorumlar", "Yorum yap",
        "Etiketler",
    ),
    "az": (
        "Həmçinin oxuyun", "Həmçinin bax", "Bunu da oxuyun", "Bunları da oxuyun", "Oxşar xəbərlər",
        "Digər xəbərlər", "Son xəbərlər", "Ən çox oxunanlar", "Çox oxunanlar", "Əlaqəli xəbərlər",
        "Mövzu ilə bağlı", "Mövzuya aid", "Sizin üçün maraqlı ola bilər", "Sizə maraqlı ola bilər",
        "Tövsiyə edirik", "Şərhlər", "Şərh yazın", "Teqlər",
    ),
    "hy": (
        "Կարդացեք նաև", "Կարդացե՛ք նաև", "Կարդալ նաև", "Տես նաև", "Տեսեք նաև", "Դիտեք նաև",
        "Այս թեմայով", "Թեմայի վերաբերյալ", "Նմանատիպ նյութեր", "Նմանատիպ լուրեր", "Այլ նորություններ",
        "Այլ լուրեր", "Վերջին նորություններ", "Վերջին լուրեր", "Ամենաընթերցված", "Ամենաընթերցվածները",
        "Առաջարկվող", "Մեկնաբանություններ", "Պիտակներ", "Գովազդ",
    ),
    "ka": (
        "წაიკითხეთ ასევე", "ასევე წაიკითხეთ", "აგრეთვე წაიკითხეთ", "იხილეთ ასევე", "ასევე იხილეთ",
        "იხილეთ აგრეთვე", "მსგავსი სიახლეები", "მსგავსი ამბები", "დაკავშირებული სიახლეები",
        "სხვა სიახლეები", "სხვა ამბები", "ბოლო სიახლეები", "ახალი ამბები", "ყველაზე კითხვადი",
        "პოპულარული", "გირჩევთ", "ამავე თემაზე", "კომენტარები", "დატოვე კომენტარი", "თეგები", "რეკლამა",
    ),
}  # fmt: skip

# Lines that are furniture alone, whatever follows: "Advertisment" is how many pages spell it.
FURNITURE = frozenset(
    folded_words(line)
    for line in (
        "Advertisement", "Advertisment", "Advertising", "Story continues below advertisement",
        "Article continues below advertisement", "Continue reading below", "Scroll to continue",
        "Реклама", "Реклам", "Reklam", "Reklamlar", "Reklamdan sonra devam ediyor", "Գովազդ", "რეკლამა",
    )
)  # fmt: skip

_LINE = re.compile(r"[^\n]+")
_BULLETS = " *•·▪■●◦‣–—-»›>|"
_FULL_STOP = re.compile(r"(?:(?<!\.)\.|[։。])\s*$")  # at the end of a line; three are an ellipsis


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part of a text that never counts, as text[start:end], and why."""

    start: int
    end: int
    why: str


NOWHERE_ELSE: Mapping[str, str] = {}


def ignored(text: str, outside: Mapping[str, str] = NOWHERE_ELSE) -> tuple[Ignored, ...]:
    """The tails and furniture of a field, in order; a field of one line has none.

    A tail opens at a short line that begins with a marker and runs to the next real paragraph or the end.
    `outside` gives lines beyond the lead that are no part of the article, as `bare` gives them, and why.
    """
    if "\n" not in text.strip():
        return ()
    return tuple(_zones(text, _recurring(text, outside) if outside else {}))


def _recurring(text: str, outside: Mapping[str, str]) -> dict[int, str]:
    return {start: outside[line] for start, _, line in beyond_the_lead(text) if line in outside}


def beyond_the_lead(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, bare line) of each line that may be no part of the article, whatever it says.

    That is: after the first line that is a sentence, and no real paragraph.
    """
    if "\n" not in text:
        return
    in_lead = True
    for line in _LINE.finditer(text):
        length = len(line.group().split())
        if not in_lead and length < REAL_PARAGRAPH and (shown := bare(line.group())):
            yield line.start(), line.end(), shown
        in_lead = in_lead and not (length > LONGEST_MARKER_LINE or _FULL_STOP.search(line.group()))


def bare(line: str) -> str:
    """The line without its bullet and the space round it."""
    return line.strip(_BULLETS)


def _zones(text: str, recurring: Mapping[int, str]) -> Iterator[Ignored]:
    opened: tuple[int, str] | None = None  # where the tail began, and why
    for line in _LINE.finditer(text):
        if opened and _is_real_paragraph(line.group()):
            yield Ignored(opened[0], line.start(), opened[1])
            opened = None
        elif not opened and (kind := _sign(line.group())):
            if kind == "tail":
                opened = line.start(), f'tail after "{line.group().strip()}"'
            else:
                yield Ignored(line.start(), line.end(), "furniture")
        elif not opened and (why := recurring.get(line.start())):
            yield Ignored(line.start(), line.end(), why)
    if opened:
        yield Ignored(opened[0], len(text), opened[1])


def _is_real_paragraph(line: str) -> bool:
    return len(line) >= REAL_PARAGRAPH and len(folded_words(line)) >= REAL_PARAGRAPH


def _sign(line: str) -> str:
    """What a line opens: "furniture", "tail" or ""."""
    if len(line) > 64 * LONGEST_MARKER_LINE:
        return ""
    first = WORD.search(line)
    if first is None or fold(first.group()) not in _FIRST_WORDS:
        return ""
    words = folded_words(line)
    if words in FURNITURE:
        return "furniture"
    if len(words) > LONGEST_MARKER_LINE or _FULL_STOP.search(line):
        return ""
    alone = len(words) == 1 or line[first.end() :].lstrip().startswith(":")
    markers = _BY_FIRST.get(words[0], ())
    return "tail" if any(_begins(words, marker, alone=alone) for marker in markers) else ""


def _begins(words: tuple[str, ...], marker: tuple[str, ...], *, alone: bool) -> bool:
    return words[: len(marker)] == marker and (alone or len(marker) > 1)


def _by_first_word() -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for markers in MARKERS.values():
        for marker in markers:
            words = folded_words(marker)
            found.setdefault(words[0], []).append(words)
    return found


_BY_FIRST = _by_first_word()
_FIRST_WORDS = frozenset(_BY_FIRST) | {line[0] for line in FURNITURE}
