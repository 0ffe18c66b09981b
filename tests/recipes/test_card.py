"""Cards: what is read off a config's first comment, and written there."""

from __future__ import annotations

import pytest

from mlpcli.recipes import Card, parse_card, with_facts

TEXT = """# 한 층 on Fashion-MNIST
# What one hidden layer adds
# to softmax regression.
#
# data      60,000 rows: training
# score     test accuracy 0.8584 ± 0.0021, 3 seeds
name: one  # not   a fact
# time      of another comment
"""
PLAIN = "# Title\n# shows\nname: one\n"


def test_a_card_is_title_prose_and_facts_in_the_order_of_the_file() -> None:
    card = parse_card(TEXT)
    assert card.title == "한 층 on Fashion-MNIST"
    assert card.shows == "What one hidden layer adds to softmax regression."
    assert list(card.facts.items()) == [
        ("data", "60,000 rows: training"),
        ("score", "test accuracy 0.8584 ± 0.0021, 3 seeds"),
    ]


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("", Card("", "")),
        ("name: one\n# Title\n", Card("", "")),
        ("\n# Title\n", Card("", "")),
        ("# Title", Card("Title", "")),
        ("#Title\r\n#\r\n# data  x\r\n", Card("Title", "", {"data": "x"})),
        ("# Title\n# data  x\n", Card("Title", "data  x")),  # facts stand below the blank line
        ("# Title\n#\n# data x\n#   data  x\n", Card("Title", "", {"data": "x"})),
        ("#\n# score  0.9\n", Card("", "", {"score": "0.9"})),
    ],
)
def test_odd_cards(text: str, card: Card) -> None:
    assert parse_card(text) == card


def test_facts_are_put_below_the_prose() -> None:
    assert with_facts(PLAIN, {"score": "0.9", "command": "mlpcli train one.yaml"}) == (
        "# Title\n# shows\n#\n# score     0.9\n# command   mlpcli train one.yaml\nname: one\n"
    )


def test_facts_take_the_place_of_the_old_ones_and_the_rest_stays() -> None:
    changed = with_facts(TEXT, {"score": "0.9"})
    assert parse_card(changed) == Card(parse_card(TEXT).title, parse_card(TEXT).shows, {"score": "0.9"})
    assert changed.partition("name: one")[2] == TEXT.partition("name: one")[2]
    assert with_facts(changed, {"score": "0.9"}) == changed


@pytest.mark.parametrize("key", ["score", "training", "validation", "architecture"])
def test_a_key_of_any_length_is_read_again(key: str) -> None:
    assert parse_card(with_facts(PLAIN, {key: "a  b"})).facts == {key: "a  b"}
