"""Spellings that are suggested: those of newsrooms, in every script, ready to paste."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Entry
from monitor.rules.match import match
from monitor.rules.spellings import SCRIPTS, as_yaml, spellings
from tests.fakes import rules

# As the newsrooms of each script write them.
KNOWN = (
    ("Ilham Aliyev", "Ильхам Алиев", "Իլհամ Ալիև", "ილჰამ ალიევი"),
    ("Nikol Pashinyan", "Никол Пашинян", "Նիկոլ Փաշինյան", "ნიკოლ ფაშინიანი"),
    ("Ararat Mirzoyan", "Арарат Мирзоян", "Արարատ Միրզոյան", "არარატ მირზოიანი"),
    ("Irakli Kobakhidze", "Иракли Кобахидзе", "Իրակլի Կոբախիձե", "ირაკლი კობახიძე"),
    ("Mikheil Kavelashvili", "Михеил Кавелашвили", "Միխեիլ Կավելաշվիլի", "მიხეილ კაველაშვილი"),
    ("Sergey Lavrov", "Сергей Лавров", "Սերգեյ Լավրով", "სერგეი ლავროვი"),
)


@pytest.mark.parametrize("name", KNOWN, ids=lambda name: name[0])
def test_the_spelling_of_newsrooms_is_among_them(name: tuple[str, ...]) -> None:
    found = spellings(name[0])
    latin, cyrillic, armenian, georgian = name
    assert found["Latin"] == (latin,)
    assert cyrillic in found["Cyrillic"]
    assert armenian in found["Armenian"]
    assert georgian in found["Georgian"]


def test_azerbaijani_and_turkish_have_letters_of_their_own() -> None:
    found = spellings("Ilham Aliyev")
    assert found["Azerbaijani"] == ("İlham Əliyev",)
    assert "Mixeil Kavelaşvili" in spellings("Mikheil Kavelashvili")["Azerbaijani"]
    assert "Miheil Kavelaşvili" in spellings("Mikheil Kavelashvili")["Turkish"]


def test_of_the_ways_to_write_a_name_each_changes_one_letter_of_the_likeliest() -> None:
    assert spellings("Nikol Tabatadze Aliyev") == {
        "Latin": ("Nikol Tabatadze Aliyev",),
        "Azerbaijani": ("Nikol Tabatadze Əliyev",),
        "Cyrillic": ("Никол Табатадзе Алиев",),
        "Armenian": (
            "Նիկոլ Տաբատաձե Ալիև",
            "Նիքոլ Տաբատաձե Ալիև",
            "Նիկոլ Թաբատաձե Ալիև",
            "Նիկոլ Տաբաթաձե Ալիև",
        ),
        "Georgian": (
            "ნიკოლ ტაბატაძე ალიევი",
            "ნიქოლ ტაბატაძე ალიევი",
            "ნიკოლ თაბატაძე ალიევი",
            "ნიკოლ ტაბათაძე ალიევი",
        ),
    }


def test_a_definition_to_paste_is_called_by_the_last_word_and_has_it_for_a_short_form() -> None:
    assert as_yaml("Elchin Khidirov") == (
        "names:\n"
        "  khidirov:\n"
        '    name: "Elchin Khidirov"\n'
        "    full:\n"
        "      - Elchin Khidirov  # Latin\n"
        "      - Elçin Xidirov  # Azerbaijani\n"
        "      - Elçin Hidirov  # Turkish\n"
        "      - Элчин Хидиров  # Cyrillic\n"
        "      - Елчин Хидиров  # Cyrillic\n"
        "      - Էլչին Խիդիրով  # Armenian\n"
        "      - Էլճին Խիդիրով  # Armenian\n"
        "      - Էլչին Խիդիռով  # Armenian\n"
        "      - ელჩინ ხიდიროვი  # Georgian\n"
        "      - ელჭინ ხიდიროვი  # Georgian\n"
        "    short: [Khidirov, Xidirov, Hidirov, Хидиров, Խիդիրով, Խիդիռով, ხიდიროვი]\n"
        "    context: []  # words that make the bare surname believable: the country, the office\n"
    )
    assert "short:" not in as_yaml("NATO")


@pytest.mark.parametrize("given", ["Ильхам Алиев", "Իլհամ Ալիև", "ილჰამ ალიევი"])
def test_a_name_may_come_in_any_script(given: str) -> None:
    assert "Ilham Aliyev" in spellings(given)["Latin"]
    assert any(given in spelt for spelt in spellings(given).values())


def test_what_is_no_name_has_none() -> None:
    assert spellings("") == {}
    assert spellings(" - ") == {}


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=20),
        st.lists(st.sampled_from(["Aliyev", "Ян", "ու", "ა", "O'Brien", "el-Masri", ": ", "#"])).map(
            " ".join
        ),
    )
)
def test_what_is_suggested_can_be_pasted_and_finds_what_it_spells(name: str) -> None:
    found = spellings(name)
    assert set(found) <= set(SCRIPTS)
    if not found:
        return
    text = as_yaml(name)
    key = text.split("\n")[1].strip().rstrip(":")
    book = rules(text + f"rules: [{{id: one, when: ${key}, send: mail}}]\n")
    for spelt in found.values():
        for one in spelt:
            assert match(book, Entry(1, "", "", "", "", one, "", "", None, None, "")), one
