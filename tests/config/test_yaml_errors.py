"""Text that is no YAML: the place, the reason in plain words, the line with a caret."""

from __future__ import annotations

import pytest

from mlpcli.config.yaml_reader import parse_yaml
from mlpcli.errors import ConfigError


def refusal_of(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "my.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data:\n\tsource: x\n", "2:1: a tab where YAML requires spaces; indent with spaces"),
        ("data:\n  a: 1\n\tb: 2\n", "3:1: a tab where YAML requires spaces; indent with spaces"),
        ("a: [1,\n\t2]\n", "2:1: a tab where YAML requires spaces; indent with spaces"),
        ('a: 1\nb: "digits\nc: 3\n', "2:4: this quote is never closed"),
        ("a: 1\nb: 'digits\nc: 3\n", "2:4: this quote is never closed"),
        ('a: "x\n---\n', "1:4: this quote is not closed before the document ends"),
        ("a: [1, 2\n", "1:4: this `[` is never closed"),
        ("a: {b: 2\n", "1:4: this `{` is never closed"),
        ("a: [1, 2\nb: 3\n", "2:2: a `,` or `]` is missing before this (`[` opened at 1:4)"),
        ("a: {b: 2\nc: 3\n", "2:2: a `,` or `}` is missing before this (`{` opened at 1:4)"),
        ("a: [1}\n", "1:6: a `,` or `]` is missing before this (`[` opened at 1:4)"),
        ("a: b: c\n", "1:5: a second `:` in one line; quote the value or start a new line"),
        ("data\n  source: x\n", "2:9: unexpected `:`; is the `:` missing in the line above?"),
        ("a: 1\nseed:5\n", "2:1: is not of the form `key: value`; write a colon and a space after the key"),
        ("a: 1\n- b\n", "2:1: does not line up with the lines above; fix the indentation"),
        ("a:\n    b: 1\n  c: 2\n", "3:3: does not line up with the lines above; fix the indentation"),
        ('a: "x" y\n', "1:8: unexpected text after the end of a value; quote the whole value"),
        ("a: @x\n", "1:4: a value must not begin with this character; quote the value"),
        ("a: `x`\n", "1:4: a value must not begin with this character; quote the value"),
        ('a: "C:\\data"\n', """1:8: a backslash inside "..." begins an escape; use '...' quotes, or / in paths"""),
        (
            "%\n",
            "1:2: is not YAML: expected alphabetic or numeric character, but found '\\n' while scanning a directive",
        ),
        ("a: \0\n", "1:4: has the character '\\x00', which YAML forbids; delete it"),
        ("a: 1\nb: x\x07\n", "2:5: has the character '\\x07', which YAML forbids; delete it"),
        ("a: \x7f\n", "1:4: has the character '\\x7f', which YAML forbids; delete it"),
        ("a: \udcff\n", "1:4: has the character '\\udcff', which YAML forbids; delete it"),
        ('a: "\\UFFFFFFFF"\n', "1:1: has an escape (\\U...) for a character that does not exist"),
    ],
)
def test_the_message_says_where_and_why(text: str, message: str) -> None:
    assert refusal_of(text).splitlines()[0] == f"my.yaml:{message}"


@pytest.mark.parametrize(
    ("text", "line", "caret"),
    [
        ("a: b: c\n", "    a: b: c", "        ^"),
        ("이름: b: c\n", "    이름: b: c", "           ^"),
        ("a:\u2028b: x: y\n", "    b: x: y", "        ^"),
    ],
)
def test_a_caret_stands_below_the_place(text: str, line: str, caret: str) -> None:
    _, shown, below = refusal_of(text).splitlines()
    assert shown == line
    assert below == caret


def test_a_long_line_is_cut_around_the_place() -> None:
    _, shown, below = refusal_of("a: " + "x" * 500 + ": y" + "z" * 500).splitlines()
    assert len(shown) == 104
    assert shown[below.index("^")] == ":"
