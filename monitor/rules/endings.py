"""The endings that a proper noun takes in the scripts of our desks: data, and how it is applied.

Knows nothing of rules or texts. Endings are written as they are spelt and folded once, here, so that they
meet folded words. The tables come from school grammars: a paradigm per way a word can end.
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from itertools import product

from monitor.text import fold

Endings = Container[str]

NONE: frozenset[str] = frozenset({""})
_VOWEL = re.compile("[аеиоуыэюяіїєёү]")  # a Cyrillic word without one is an abbreviation: ГД, МВД, СССР
_WOMANS = ("ова", "ева", "ина", "ына")  # without the last letter, another person: Алиева, Алиев
_SHORTEST_STEM = 2  # letters
_SHORTEST_LATIN = 3  # letters; shorter names (EU, Xi, UN) would meet other words


def stems(word: str) -> tuple[tuple[str, Endings], ...]:
    """For a folded nominative: each (stem, endings) such that stem + ending is one of its forms."""
    own = ((word, NONE),)
    first = word[0]
    if "\u0400" <= first <= "\u052f":
        table = _cyrillic(womans=word.endswith(_WOMANS))
        return own + _declined(word, table) if _VOWEL.search(word) else own
    if "\u0531" <= first <= "\u058f":
        return own + _declined(word, _armenian())
    if "\u10d0" <= first <= "\u10ff":
        return own + _declined(word, _georgian())
    if first.isalpha() and first < "\u0300" and len(word) >= _SHORTEST_LATIN:
        return own + _declined(word, _turkic())
    return own


_Table = tuple[tuple[str, str, Endings], ...]  # what is cut off, what is put in its place, what may follow


def _declined(word: str, table: _Table) -> tuple[tuple[str, Endings], ...]:
    """Every paradigm whose nominative ending the word has, with at least two letters of stem left.

    Two letters do not stand without an ending: Ока is not the interjection Ок.
    """
    found = (
        (word.removesuffix(cut) + put, endings)
        for cut, put, endings in table
        if word.endswith(cut) and len(word) - len(cut) + len(put) > 1
    )
    return tuple(
        (stem, endings - NONE if len(stem) == _SHORTEST_STEM and isinstance(endings, frozenset) else endings)
        for stem, endings in found
    )


def _spelt(endings: str) -> frozenset[str]:
    """Folded endings of a list in one string; "-" is the bare stem."""
    return frozenset("" if ending == "-" else fold(ending) for ending in endings.split())


def _joined(*slots: frozenset[str]) -> frozenset[str]:
    return frozenset("".join(choice) for choice in product(*slots))


@lru_cache(maxsize=2)
def _cyrillic(*, womans: bool) -> _Table:
    """Russian first of all; Ukrainian endings where they do not meet Russian words.

    A masculine surname in a consonant does not take -ой or -ая: Алиевой is another person. Its genitive
    Алиева is hers too, and nothing in the word says which. Nor does her name (`womans`) stand bare: Алиев.
    A row is a class of words, never one name; a case of each stands in tests/rules/test_rules_endings.py.
    """
    hard = "а у ом ем ым е ы и і ов ев ей ам ами ам ах ых ыми ові"
    adjective = "ого ому его ему ым им ом ем ые ие ых их ыми ими"
    fleeting = "а у ом ем е ы и ов ев ам ами ах"
    fleeting_soft = "я ю ем е и ей ев ям ями ях"
    rows = (
        *((consonant, consonant, hard) for consonant in "бвгджзклмнпрстфхцчшщ"),
        # a vowel that stands in the nominative alone: Кравец, Кравца
        ("ец", "ц", fleeting),
        ("лец", "льц", fleeting),
        *((vowel + "ец", vowel + "йц", fleeting) for vowel in "аеиоуэюя"),
        ("ок", "к", fleeting),
        ("ек", "к", fleeting),
        ("ек", "ьк", fleeting),  # Василёк, Василька
        *((vowel + "ек", vowel + "йк", fleeting) for vowel in "ао"),
        ("ел", "л", fleeting),  # Павел, Павла; Орёл, Орла
        ("ол", "л", fleeting),  # Посол, Посла
        ("лев", "льв", fleeting),
        ("лед", "льд", fleeting),
        ("ень", "н", fleeting_soft),  # Гребень, Гребня
        ("оть", "т", fleeting_soft),
        ("оль", "л", fleeting_soft),
        ("овь", "в", "и е ей ам ами ах ям ями ях"),  # Церковь, Церкви
        ("ей", "ь", fleeting_soft),  # Соловей, Соловья
        ("ь", "", "я ю ем е и ей ям ями ях ью"),
        ("й", "", "я ю ем е и ев ям ями ях"),
        ("ий", "", adjective),
        ("ый", "", adjective),
        ("ой", "", adjective),
        ("ая", "", "ой ую ою ей ые ых ым ыми ие их им ими"),
        ("яя", "", "ей юю ею ие их им ими"),
        ("ое", "", "ого ому ым им ом ые ых ыми"),
        ("ее", "", "его ему им ем ие их ими"),
        ("ые", "", "ых ым ыми"),
        ("ие", "", "их им ими"),
        ("ос", "", "а у ом е"),  # the Greek nominative falls: Христос, Христа
        ("а", "", "ы и е і у ой ою ей ею ам ами ах" + ("" if womans else " -")),
        ("я", "", "и е і ї ю ей ею й ь ям ями ях"),
        ("о", "", "а у ом е ам ами ах"),
        ("ко", "к", "и"),
        ("ство", "ств", "-"),  # no other: Иванов is not of Иваново
        ("е", "", "я ю ем и ям ями ях"),
        *((hushed + "е", hushed, "а у ем ам ами ах") for hushed in "жцчщ"),  # Городище
        ("мя", "мен", "и ем а ам ами ах"),
        ("ы", "", "ов - ам ами ах"),
        *((family + "ы", family, "ых ым ыми") for family in ("ов", "ев", "ин", "ын")),  # Ивановы, Ивановых
        ("и", "", "ов ев ей й ь - ам ами ах ям ями ях"),
        ("ки", "ок", "-"),  # Химки, Химок
        ("ки", "ек", "-"),
        ("цы", "ец", "-"),
    )
    return tuple((cut, put, _spelt(endings)) for cut, put, endings in rows)


@lru_cache(maxsize=1)
def _armenian() -> _Table:
    """Eastern Armenian: an optional plural, a case, and an article or a possessive."""
    case = _spelt(
        "- ը ն ի ին ից ով ում ս դ ու ուն ուց ուս ուդ վա իս իդ ովս ովդ ովն ումս ումդ ումն իցս իցդ իցն իցը "
        "ինը ինն ինս ինդ ինն ինների իններ ության"
    )
    oblique = _joined(_spelt("ի ու"), _spelt("- ն ս դ ց ցն ցս ցդ նը նն"))
    singular = case | oblique
    plural = _joined(_spelt("եր ներ"), _spelt("- ը ն ս դ ի ին ից ով ում իս իդ իցն ովն ումն ինը ինն"))
    full = singular | plural
    reduced = frozenset(ending for ending in singular if ending[:1] in set("իոու"))  # Երկիր: Երկրի
    abstract = _spelt("ան անը անն անս անդ անից ամբ ամբն ունը ունն ունից ունում ունների ունները")
    return (
        ("", "", full),
        *((vowel, vowel + "յ", singular) for vowel in "աոեէօ"),
        ("ու", "վ", singular),
        ("ի", "", oblique),
        ("ություն", "ությ", abstract),
        ("ուն", "", _spelt("ան անը անն անից ամբ")),
        ("այ", "ա", full),
        *((vowel + last, last, reduced) for vowel in ("ի", "ու") for last in "րնկլստմչղծգ"),
    )


@lru_cache(maxsize=1)
def _georgian() -> _Table:
    """A case with its postposition and particles; a final ი falls, а and ე fall before the genitive."""
    particle = _spelt("- ც აც ვე ა აა ო")
    dative = _joined(_spelt("ს ში ზე თან სთან სავით"), particle)
    genitive = _joined(_spelt("ის ისა"), _spelt("- თვის გან კენ ავით მიერ ას ი"), particle)
    instrumental = _joined(_spelt("ით ითა იდან იდანაც"), particle)
    adverbial = _joined(_spelt("ად ადა ამდე ადმდე"), particle)
    consonant = _joined(_spelt("ი მა ო"), particle) | dative | genitive | instrumental | adverbial
    consonant |= _spelt("- ა")  # the bare stem stands before a title or a second name
    vowel = _joined(
        _spelt("მ ს სა თ დ დან მდე ვ სი ში ზე თან სთან სთვის სგან სკენ ს თვის ც ვე ა აა ო"), particle
    )
    after_fall = genitive | instrumental
    plural = _joined(_spelt("ებ"), consonant) | _spelt("თა თათვის თაგან ნი ნო")
    return (
        ("ი", "", consonant | plural),
        ("ი", "ი", vowel),
        ("ა", "ა", vowel),
        ("ა", "", after_fall | plural),
        ("ე", "ე", vowel),
        ("ე", "", after_fall | plural),
        ("ო", "ო", vowel | plural),
        ("უ", "უ", vowel | plural),
        *(
            (consonant_letter, consonant_letter, consonant | plural)
            for consonant_letter in "ბგდვზთკლმნპჟრსტფქღყშჩცძწჭხჯჰ"
        ),
    )


@lru_cache(maxsize=1)
def _turkic() -> _Table:
    """Turkish and Azerbaijani, folded (ı is i, ü is u, ə stays): derivation, plural, possessive, case, ki."""
    derived = _spelt("- li lu liq lik luq luk siz suz ca cə ce")
    plural = _spelt("- lar lər ler")
    possessive = _spelt("- i u si su im um in un imiz umuz iniz unuz leri ləri lari")
    case = _spelt(
        "- i u yi yu ni nu a ə e ya yə ye na nə ne da də de ta tə te nda ndə nde dan dən den tan tən ten "
        "ndan ndən nden in un nin nun la lə le yla ylə yle"
    )
    last = _spelt("- ki kilər kiler dir dur tir tur mi mu")
    slots = (derived, plural, possessive, case, last)
    return (
        ("", "", _Chain(slots)),
        ("k", "g", _Chain(slots, opening="[aəeiu]")),
        ("k", "y", _Chain(slots, opening="[aəeiu]")),
        ("q", "g", _Chain(slots, opening="[aəeiu]")),
    )


class _Chain:
    """Endings that stand one after another: 300,000 of them in Turkic, so an expression and no list."""

    def __init__(self, slots: tuple[frozenset[str], ...], *, opening: str = "") -> None:
        joined = "".join(f"(?:{'|'.join(sorted(slot, reverse=True))})" for slot in slots)
        self._expression = re.compile(f"(?={opening}){joined}" if opening else joined)

    def __contains__(self, ending: object) -> bool:
        return isinstance(ending, str) and self._expression.fullmatch(ending) is not None
