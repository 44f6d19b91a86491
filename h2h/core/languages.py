"""The languages in which h2h tells its stories, and the words of each."""

from __future__ import annotations

from h2h.core.words import ENGLISH, Words


def words_of(language: str) -> Words:
    """The words of a language, ``en`` or ``zh``."""
    if language == "zh":
        from h2h.core.words_zh import CHINESE  # read only where somebody wants it

        return CHINESE
    return ENGLISH
