"""Plain text, its words and their folded form: tables with a reason each, and laws."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import APOSTROPHES, clean, cut, fold, folded_words, one_line, words

TEXT = st.text(st.characters(codec=None), max_size=60)

SAME = [
    ("İlham", "ilham", "a capital I with a dot is one letter with i"),
    ("ILHAM", "ılham", "so are I and the dotless ı"),
    ("Алие́в", "Алиев", "a stress mark is no letter"),
    ("Ёлка", "Елка", "ё is written е"),
    ("Ալիեւ", "Ալիև", "Armenian եւ and և are one"),
    ("Ալի՞եւ", "Ալիև", "a question mark stands inside an Armenian word"),
    ("ԱԼԻԵՒ", "Ալիև", "and in capitals"),
    ("Erdoğan", "ERDOGAN", "accents are not always typed"),
    ("straße", "STRASSE", "ß is ss"),
    ("Bakı’da", "Bakı'da", "apostrophes are one"),
    ("d´Aliyev", "d'Aliyev", "an acute accent alone is used for one"),
    ("ﬁne", "fine", "a ligature is its letters"),
]
APART = [
    ("Əliyevə", "Əliyeva", "the dative of Əliyev is not his wife"),
    ("й", "и", "й is a letter"),
    ("ї", "і", "and ї"),
    ("ў", "у", "and ў"),
]


@pytest.mark.parametrize(("one", "other", "why"), SAME)
def test_spellings_of_one_word_fold_alike(one: str, other: str, why: str) -> None:
    assert fold(one) == fold(other), why


@pytest.mark.parametrize(("one", "other", "why"), APART)
def test_different_words_stay_apart(one: str, other: str, why: str) -> None:
    assert fold(one) != fold(other), why


WORDS = [
    ("U.S.-led", ["U", "S", "led"], "full stops and hyphens separate"),
    ("foo_bar", ["foo", "bar"], "so do underscores"),
    ("rock'n'roll 'quoted'", ["rock'n'roll", "quoted"], "an apostrophe belongs to a word only inside it"),
    ("北京 東京タワー", ["北", "京", "東", "京", "タ", "ワ", "ー"], "each Han or kana character is a word"),
    ("Ալի՞եւ գնաց", ["Ալի՞եւ", "գնաց"], "Armenian marks stand inside words"),
    ("cafe\u0301 x", ["cafe\u0301", "x"], "combining marks too"),
    ("a" * 65 + " b", ["b"], "what is longer than 64 letters is data"),
    ("$5.20 on 12-03", ["5", "20", "on", "12", "03"], "digits are words"),
]


@pytest.mark.parametrize(("text", "found", "why"), WORDS)
def test_words(text: str, found: list[str], why: str) -> None:
    assert [word.group() for word in words(text)] == found, why


def test_a_cleaned_text_has_no_invisible_characters_and_plain_white_space() -> None:
    hidden = "a\u200bb\u00adc\u202ed\u2066e\ufeff"
    assert clean(hidden) == "abcde"
    assert clean("a\r\nb\u2028c\td\x00e\u00a0f\u3000g") == "a\nb\nc d e f g"
    assert clean("broken \ud800 half") == "broken \ufffd half"
    assert one_line("  a \n\n b\tc ") == "a b c"


def test_a_text_is_cut_at_a_word_if_that_costs_little() -> None:
    assert cut("short", 9) == "short"
    assert cut("one two three", 9) == "one two…"
    assert cut("a" * 50, 9) == "a" * 8 + "…"


@given(TEXT)
def test_cleaning_twice_is_cleaning_once_and_gives_what_utf_8_can_hold(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode()


@given(TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    for word in folded_words(clean(text)):
        assert fold(word) == word


@given(st.text("abəğıİIéёйïü", min_size=1, max_size=12))
def test_a_word_folds_alike_however_its_accents_are_encoded(word: str) -> None:
    assert fold(unicodedata.normalize("NFC", word)) == fold(unicodedata.normalize("NFD", word))


@given(st.sampled_from(APOSTROPHES))
def test_every_apostrophe_is_the_same_one(apostrophe: str) -> None:
    assert fold(f"Əli{apostrophe}s") == "əli's"
    assert [word.group() for word in words(f"Əli{apostrophe}s")] == [f"Əli{apostrophe}s"]


@given(TEXT, st.integers(1, 40))
def test_a_cut_text_is_never_longer_than_was_asked(text: str, longest: int) -> None:
    assert len(cut(text, longest)) <= max(longest, 1)
