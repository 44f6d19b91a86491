"""What a bank takes, how long it counts, and how foreign letters are spelled: nothing dropped, nothing guessed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.charset import Charset, Repertoire

SEPA = Repertoire("sepa")


@pytest.mark.parametrize(
    ("charset", "taken", "not_taken"),
    [
        ("sepa", "Mueller & Co".replace("&", "+") + " (2026): 1,50 / -? '.", "ä"),
        ("sepa", "ABCxyz019", "&"),
        ("sepa", "a b", "a\u00a0b"),
        ("sepa", "a", "\n"),
        ("latin-1", "Müller & Söhne €".replace("€", ""), "€"),
        ("latin-1", "ÿ", "ż"),
        ("utf-8", "长城 Żółć 😀", "\u0007"),
        ("utf-8", "a", "\ufffe"),
        ("gb18030", "长城公司", "\u0000"),
    ],
)
def test_a_bank_takes_its_repertoire_and_nothing_else(charset: Charset, taken: str, not_taken: str) -> None:
    repertoire = Repertoire(charset)
    assert repertoire.fits(taken)
    assert repertoire.faults(taken) == []
    assert not repertoire.fits(not_taken)
    assert repertoire.faults(not_taken)


def test_every_fault_names_its_character_and_position() -> None:
    faults = SEPA.faults("Zażółć")
    assert [(f.position, f.character) for f in faults] == [(3, "ż"), (4, "ó"), (5, "ł"), (6, "ć")]
    assert str(faults[0]) == '"ż" (latin small letter z with dot above) at character 3'


def test_a_character_that_cannot_be_seen_is_named() -> None:
    assert str(SEPA.faults("a\u200bb")[0]) == "zero width space at character 2"


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Müller GmbH", "Mueller GmbH"),
        ("Groß & Söhne", "Gross + Soehne"),
        ("Zażółć gęślą jaźń", "Zazolc gesla jazn"),
        ("Æsop Ærø Åse", "Aesop Aeroe Aase"),
        ("50 € @home_office", "50 E (at)home-office"),
        ("Œuvre «d’art»", "Oeuvre 'd'art'"),
        ("Ελλάδα", "Ellada"),
        ("Москва", "Moskva"),
        ("ＡＢＣ１２", "ABC12"),
        ("e\u0301te\u0301", "ete"),
        ("a\u00a0b", "a b"),
        ("already plain", "already plain"),
    ],
)
def test_letters_are_spelled_with_others(text: str, spelled: str) -> None:
    assert SEPA.transliterated(text) == spelled


@pytest.mark.parametrize("text", ["长城", "😀 Ltd", "שלום", "東京", "a\u0000b", "♥", "①", "\u0301", "ż\u0323\u0324"])
def test_what_has_no_spelling_of_its_own_stays_and_so_is_refused(text: str) -> None:
    assert SEPA.transliterated(text).strip("abLtd ") != ""
    assert not SEPA.fits(SEPA.transliterated(text))


def test_transliterating_into_latin_1_keeps_what_the_bank_takes() -> None:
    assert Repertoire("latin-1").transliterated("Müller Żak") == "Müller Zak"


@given(st.text())
def test_transliterating_twice_changes_nothing_more(text: str) -> None:
    once = SEPA.transliterated(text)
    assert SEPA.transliterated(once) == once


@given(st.text())
def test_a_text_fits_exactly_if_it_has_no_faults(text: str) -> None:
    for charset in ("sepa", "latin-1", "utf-8", "gb18030"):
        repertoire = Repertoire(charset)
        assert repertoire.fits(text) is (repertoire.faults(text) == [])


@given(st.text())
def test_no_character_disappears(text: str) -> None:
    # Composing joins a letter and its accent; nothing else gets shorter.
    assert len(SEPA.transliterated(text)) >= len(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("charset", "text", "length"),
    [("sepa", "abc", 3), ("utf-8", "长城", 2), ("gb18030", "长城", 4), ("gb18030", "a长", 3), ("gb18030", "😀", 4)],
)
def test_length_is_counted_as_the_bank_counts(charset: Charset, text: str, length: int) -> None:
    assert Repertoire(charset).length(text) == length
