"""How a name may be spelt in the scripts of our desks: a start for an editor, who strikes out what is wrong.

Small tables of how newsrooms write foreign names; they give a few likely spellings, not every one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from monitor.text import clean, fold, one_line, words

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPTS = ("Latin", "Azerbaijani", "Turkish", "Cyrillic", "Armenian", "Georgian")
_MOST = 4  # spellings of one word in one script

_Table = dict[str, tuple[str, ...]]  # letters, and what may stand for them, the likeliest first


def spellings(name: str) -> dict[str, tuple[str, ...]]:
    """Likely spellings of a name by script, in the order of SCRIPTS; none that is found by one before it.

    The name may be written in any of the scripts; "" or a name without letters has none.
    """
    latin = " ".join(_romanised(word.group()) for word in words(clean(name)))
    found: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    for script in SCRIPTS:
        fresh = []
        for spelt in _all_words(latin, script):
            folded = " ".join(fold(word) for word in spelt.split())
            if spelt and folded not in seen:
                seen.add(folded)
                fresh.append(spelt)
        if fresh:
            found[script] = tuple(fresh)
    return found


def as_yaml(name: str) -> str:
    """A definition for names: with these spellings, ready to paste; the last word alone is the short form."""
    found = spellings(name)
    latin = found.get("Latin", ("name",))[0]
    whole = [f"      - {spelt}  # {script}" for script, all_ in found.items() for spelt in all_]
    lines = [
        "names:",
        f"  {_key(latin)}:",
        f"    name: {json.dumps(one_line(name), ensure_ascii=False)}",
        "    full:",
        *whole,
    ]
    if len(latin.split()) > 1:
        short = dict.fromkeys(spelt.split()[-1] for all_ in found.values() for spelt in all_)
        lines.append(f"    short: [{', '.join(short)}]")
        lines.append(
            "    context: []  # words that make the bare surname believable: the country, the office"
        )
    return "\n".join(lines) + "\n"


def _key(latin: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(latin.rsplit(maxsplit=1)[-1])).strip("-") or "name"


def _all_words(latin: str, script: str) -> list[str]:
    """The whole name in the script: each word's likeliest spelling, then those with one word another way."""
    parts = latin.split()
    ways = [_ways(word, script, last=number == len(parts) - 1) for number, word in enumerate(parts)]
    likeliest = [way[0] for way in ways]
    found = [likeliest]
    for number, way in enumerate(ways):
        found += [[*likeliest[:number], other, *likeliest[number + 1 :]] for other in way[1:]]
    return [" ".join(spelt) for spelt in found[:_MOST]]


def _ways(word: str, script: str, *, last: bool) -> list[str]:
    if script == "Latin":
        return [word]
    spelt = [_capital(way, script) for part in [word.lower()] for way in _spelt(part, _TABLES[script])]
    if script == "Georgian" and last:
        spelt = [way if way[-1:] in _GEORGIAN_VOWELS else way + "ი" for way in spelt]
    return list(dict.fromkeys(spelt))[:_MOST]


def _capital(word: str, script: str) -> str:
    if script == "Georgian":
        return word
    if script in ("Azerbaijani", "Turkish") and word[:1] == "i":
        return "İ" + word[1:]
    capital = "Ու" if word.startswith("ու") else word[:1].upper()
    return re.sub(r"-(\w)", lambda found: "-" + found[1].upper(), capital + word[len(capital) :])


def _spelt(word: str, table: _Table) -> list[str]:
    """The likeliest spelling, then each with one choice made otherwise."""
    choices = _choices(word, table)
    likeliest = [choice[0] for choice in choices]
    found = ["".join(likeliest)]
    for number, choice in enumerate(choices):
        found += ["".join([*likeliest[:number], other, *likeliest[number + 1 :]]) for other in choice[1:]]
    return found


def _choices(word: str, table: _Table) -> list[tuple[str, ...]]:
    """The word from left to right, by the longest letters the table has; ^ is its begin and $ its end."""
    marked = f"^{word}$"
    found: list[tuple[str, ...]] = []
    at = 0
    while at < len(marked):
        for length in range(min(6, len(marked) - at), 0, -1):
            piece = marked[at : at + length]
            if piece in table:
                found.append(table[piece])
                at += length
                break
        else:
            found.append(("" if marked[at] in "^$" else marked[at],))
            at += 1
    return found


def _table(text: str) -> _Table:
    """Rows of "letters=one/another"; "-" is nothing."""
    rows = (row.split("=") for row in text.split())
    return {left: tuple("" if way == "-" else way for way in right.split("/")) for left, right in rows}


_TABLES: Mapping[str, _Table] = {
    "Azerbaijani": _table("^a=a/ə sh=ş ch=ç zh=j kh=x gh=ğ dzh=c j=c w=v ts=ts ya=ya ye=ye iye=iye x=x h=h"),
    "Turkish": _table("sh=ş ch=ç zh=j kh=h gh=ğ dzh=c j=c w=v x=h q=k ə=e"),
    "Cyrillic": _table(
        "a=а b=б v=в g=г d=д e=е ^e=э/е z=з i=и k=к l=л m=м n=н o=о p=п r=р s=с t=т u=у f=ф h=х c=к w=в "
        "q=к/г x=х y=ы ^y=й y$=и j=дж ə=а ^ə=а lh=льх ln=льн/лн lm=льм lk=льк lt=льт sh=ш ch=ч tch=ч zh=ж "
        "kh=х gh=г ts=ц dz=дз shch=щ th=т ph=ф ck=к oo=у ee=и ya=я yu=ю yo=ё ye=е ^ye=е iye=ие aye=ае "
        "eye=ее oye=ое iya=ия aya=ая aya=ая eya=ея oya=оя uya=уя ayu=аю oyu=ою "
        "ay=ай ey=ей oy=ой uy=уй iy$=ий y-=и- ian$=ян yan$=ян ia=ия ü=ю ö=ё "
        "ş=ш ç=ч ğ=г ı=ы x$=кс ks=кс '=- jh=дж"
    ),
    "Armenian": _table(
        "a=ա b=բ g=գ d=դ e=ե ^e=է z=զ i=ի l=լ kh=խ x=խ ts=ծ/ց k=կ/ք h=հ dz=ձ gh=ղ ch=չ/ճ tch=ճ m=մ y=յ n=ն "
        "sh=շ o=ո ^o=օ p=պ/փ j=ջ r=ր/ռ s=ս v=վ w=վ t=տ/թ th=թ u=ու f=ֆ ph=ֆ zh=ժ q=ք c=կ ə=ա ya=յա ^ye=ե "
        "ye=ե iye=իե yev$=և iyev$=իև ev$=և ev=եվ yev=և yu=յու yo=յո ian$=յան yan$=յան ü=յու ö=յո ş=շ ç=չ ğ=ղ "
        "ı=ը '=- ia=իա"
    ),
    "Georgian": _table(
        "a=ა b=ბ g=გ d=დ e=ე v=ვ w=ვ z=ზ t=ტ/თ th=თ i=ი k=კ/ქ l=ლ m=მ n=ნ o=ო p=პ/ფ ph=ფ f=ფ zh=ჟ r=რ s=ს "
        "u=უ kh=ხ x=ხ gh=ღ q=ყ sh=შ ch=ჩ/ჭ tch=ჭ ts=ც/წ dz=ძ j=ჯ h=ჰ c=კ y=ი ə=ა ye=ე iye=იე ya=ია iya=ია "
        "yu=იუ yo=იო ian$=იანი yan$=იანი inyan$=ინიანი ü=იუ ö=ო ş=შ ç=ჩ ğ=ღ ı=ი '=-"
    ),
}
_GEORGIAN_VOWELS = ("ა", "ე", "ი", "ო", "უ")


# ---- into Latin ------------------------------------------------------------------------------------------

_FROM_CYRILLIC = _table(
    "а=a б=b в=v г=g ґ=g д=d е=e ё=yo є=ye ж=zh з=z и=i й=y і=i ї=yi к=k л=l м=m н=n о=o п=p р=r с=s т=t "
    "у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch ъ=- ы=y ь=- э=e ю=yu я=ya ие=iye ае=aye ^е=ye ий$=y ый$=y льх=lh"
)
_FROM_ARMENIAN = _table(
    "ա=a բ=b գ=g դ=d ե=e ^ե=ye զ=z է=e ը=y թ=t ժ=zh ի=i լ=l խ=kh ծ=ts կ=k հ=h ձ=dz ղ=gh ճ=ch մ=m յ=y ն=n "
    "շ=sh ո=o ^ո=vo չ=ch պ=p ջ=j ռ=r ս=s վ=v տ=t ր=r ց=ts ու=u փ=p ք=k օ=o ֆ=f և=ev իև$=iyev եվ=ev"
)
_FROM_GEORGIAN = _table(
    "ა=a ბ=b გ=g დ=d ე=e ვ=v ზ=z თ=t ი=i კ=k ლ=l მ=m ნ=n ო=o პ=p ჟ=zh რ=r ს=s ტ=t უ=u ფ=p ქ=k ღ=gh ყ=q "
    "შ=sh ჩ=ch ც=ts ძ=dz წ=ts ჭ=ch ხ=kh ჯ=j ჰ=h ევი$=ev იევი$=iyev ოვი$=ov იანი$=yan"
)


def _romanised(word: str) -> str:
    """The word in Latin letters as English newsrooms write it; a Latin one as it is."""
    lower = word.lower()
    for first, last, table in (
        ("\u0400", "\u052f", _FROM_CYRILLIC),
        ("\u0531", "\u058f", _FROM_ARMENIAN),
        ("\u10d0", "\u10ff", _FROM_GEORGIAN),
    ):
        if first <= lower[:1] <= last:
            return _capital(_spelt(lower, table)[0], "Latin")
    return word
