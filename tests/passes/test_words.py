"""Counts in words."""

from __future__ import annotations

import pytest

from portal.passes.documents.words import in_chinese, in_english, items


@pytest.mark.parametrize(
    ("count", "chinese", "english"),
    [
        (0, "零", "zero"),
        (1, "壹", "one"),
        (10, "壹拾", "ten"),
        (16, "壹拾陆", "sixteen"),
        (20, "贰拾", "twenty"),
        (42, "肆拾贰", "forty-two"),
        (60, "陆拾", "sixty"),
        (100, "壹佰", "one hundred"),
        (105, "壹佰零伍", "one hundred and five"),
        (110, "壹佰壹拾", "one hundred and ten"),
        (999, "玖佰玖拾玖", "nine hundred and ninety-nine"),
        (1000, "壹仟", "one thousand"),
        (1005, "壹仟零伍", "one thousand and five"),
        (1050, "壹仟零伍拾", "one thousand and fifty"),
        (1500, "壹仟伍佰", "one thousand five hundred"),
        (9999, "玖仟玖佰玖拾玖", "nine thousand nine hundred and ninety-nine"),
    ],
)
def test_in_words(count: int, chinese: str, english: str) -> None:
    assert (in_chinese(count), in_english(count)) == (chinese, english)


def test_no_two_counts_share_their_words() -> None:
    counts = range(10_000)
    assert len({in_chinese(count) for count in counts}) == len({in_english(count) for count in counts}) == 10_000


@pytest.mark.parametrize("count", [-1, 10_000])
def test_what_has_no_words(count: int) -> None:
    with pytest.raises(ValueError):
        in_chinese(count)
    with pytest.raises(ValueError):
        in_english(count)


def test_one_item_two_items() -> None:
    assert (items(1), items(2), items(0)) == ("item", "items", "items")
