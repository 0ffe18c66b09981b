"""The language of the words in pictures and reports. English is in the source, Korean beside it in korean.py.

`say` takes the English phrase itself, so that the code can be read, and an unknown phrase stays English. The settings
of the machine (LANG) change nothing, and what a terminal prints is English always.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from string import Formatter

from mlpcli.errors import UserError

LANGUAGES = ("en", "ko")
_current: ContextVar[str] = ContextVar("language", default="en")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """A context in which `say` answers in that language.

    Raises:
        UserError: there is none of that name.
    """
    if language not in LANGUAGES:
        raise UserError(f'language: must be one of {", ".join(LANGUAGES)} (got "{language}")')
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def current_language() -> str:
    """`en` or `ko`, as in HTML's `lang`."""
    return _current.get()


def say(phrase: str, /, **values: object) -> str:
    """The phrase in the current language, with the values in its places.

    phrase: a literal, so that tests/test_language.py finds it in the source; `{rows:,}` stands for the value of `rows`.

    >>> say("{rows:,} rows", rows=5000)
    '5,000 rows'
    """
    text = _words().phrases.get(phrase, phrase)
    return text.format(**values) if values else text


def term(name: str) -> str:
    """A name from a config or a file (a metric, a part, a state) as a word of the current language; else itself.

    >>> term("val_loss")
    'val_loss'
    """
    return _words().terms.get(name, name)


def retold(sentence: str) -> str:
    """What a file of a run has in English words, such as why training stopped, in the current language; else itself."""
    for pattern, template in _words().sentences:
        if found := pattern.fullmatch(sentence):
            return template.format(**{key: retold(value) for key, value in found.groupdict().items()})
    return term(sentence)


@cache
def letters_of(language: str) -> frozenset[str]:
    """The letters of all phrases, for which a picture needs a font; none for English, which every font has."""
    with speaking(language):
        return frozenset("".join([*_words().phrases.values(), *_words().terms.values()]))


@dataclass(frozen=True)
class _Words:
    """English to another language: phrases, terms, and patterns of sentences; none where the language is English."""

    phrases: Mapping[str, str]
    terms: Mapping[str, str]
    sentences: Sequence[tuple[re.Pattern[str], str]]


_ENGLISH = _Words({}, {}, ())


def _words() -> _Words:
    return _korean() if current_language() == "ko" else _ENGLISH


@cache
def _korean() -> _Words:
    from mlpcli.korean import PHRASES, SENTENCES, TERMS

    return _Words(PHRASES, TERMS, [(_pattern(english), korean) for english, korean in SENTENCES.items()])


def _pattern(template: str) -> re.Pattern[str]:
    """Finds the values in a sentence that was made by the template."""
    parts = (re.escape(text) + (f"(?P<{key}>.+)" if key else "") for text, key, _, _ in Formatter().parse(template))
    return re.compile("".join(parts))
