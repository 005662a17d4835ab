"""How people type what a model reads in lower case: words such as Paris and iPhone, and the first of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_BETWEEN_WORDS = frozenset(",;&/-\u2013'\u2019")
"""Marks behind which a word is typed as within a sentence."""

_OPENING = frozenset("\"'\u201c\u2018\u201e\u201a\u00ab([{\u00bf\u00a1")
"""Marks that may stand before the first word of a sentence. Straight quotes may also end one."""

_CLOSING = frozenset("\u201d\u2019\u00bb)]}")

_ABBREVIATIONS = frozenset({"vs", "etc", "cf", "approx", "fig", "vol"})
"""Words whose full stop does not end a sentence. Others, such as Mr, stand before names."""


class TypedForms:
    """The usual forms of words that are mostly not typed in lower case."""

    def __init__(self, forms: Iterable[str] = (), *, capitalises: bool = False) -> None:
        """``capitalises`` says whether the language begins sentences with a capital letter.

        :raises ValueError: a form is in lower case or there are two of a word.
        """
        listed = list(forms)
        self._form_of = {form.lower(): form for form in listed}
        if len(self._form_of) != len(listed) or any(word == form for word, form in self._form_of.items()):
            raise ValueError("a typed form is in lower case or stands twice")
        self.capitalises = capitalises and bool(listed)

    @property
    def forms(self) -> list[str]:
        """All of them."""
        return list(self._form_of.values())

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._form_of)

    def with_forms(self, forms: Iterable[str]) -> TypedForms:
        """These and, if there are any, other ``forms``, which go before these; those in lower case are left out."""
        others = {form.lower(): form for form in forms if form.lower() != form}
        if not self or not others:
            return self
        return TypedForms((self._form_of | others).values(), capitalises=self.capitalises)

    def written(self, words: Sequence[str], *, begins_sentence: bool = False) -> list[str]:
        """Each of the model's ``words`` as it is typed."""
        if not self._form_of:
            return list(words)
        form_of = self._form_of.get
        if begins_sentence and self.capitalises:
            return [form_of(word) or capitalised(word) for word in words]
        return [form_of(word, word) for word in words]


def capitalised(word: str) -> str:
    """``word``, which is in lower case, with a capital first letter."""
    form = word[:1].title() + word[1:]
    return form if form.lower() == word else word


def begins_sentence(text: str) -> bool:
    """Whether the word behind ``text`` is the first of a sentence, as far as punctuation tells."""
    end = len(text)
    while end and (text[end - 1].isspace() or text[end - 1] in _OPENING):
        end -= 1
    if not end:
        return True
    quoted = end
    while quoted and text[quoted - 1] in _CLOSING:
        quoted -= 1
    mark, followed_by = text[quoted - 1 : quoted], text[quoted : quoted + 1]
    if mark in {"!", "?", "\uff01", "\uff1f"}:
        return not followed_by or followed_by.isspace()  # "Where?" she asked
    if mark == "\u3002":
        return True
    return mark == "." and bool(followed_by) and _ends_sentence(text[:quoted])


def _ends_sentence(text: str) -> bool:
    """Whether the full stop at the end of ``text`` is the end of a sentence, not of an abbreviation or an ellipsis."""
    start = end = len(text) - 1
    while start and text[start - 1].isalpha():
        start -= 1
    word = text[start:end]
    if not word:
        return text[end - 1 : end] != "."
    return word == "I" or (len(word) > 1 and word.lower() not in _ABBREVIATIONS)


def tells_form(token: str) -> bool:
    """Whether the word behind ``token`` is typed as within a sentence, so that its form is its own."""
    return any(map(str.isalnum, token)) or all(character in _BETWEEN_WORDS for character in token)
