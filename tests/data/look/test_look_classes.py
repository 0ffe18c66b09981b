"""Classes with too few rows, by hand."""

from __future__ import annotations

from mlpcli.data.look.class_balance import find_small_classes

NAMES = ("고양이", "개", "새")


def said(
    train: tuple[int, ...], batch_size: int = 10, weighted: bool = False, **others: tuple[int, ...]
) -> list[tuple[str, str]]:
    names = NAMES if len(train) == 3 else tuple(f"c{index}" for index in range(len(train)))
    findings = find_small_classes(names, {"training": train, **others}, batch_size, weighted)
    assert {finding.topic for finding in findings} <= {"classes"}
    return [(finding.level, str(finding)) for finding in findings]


def test_even_classes_say_nothing() -> None:
    assert said((50, 40, 60), validation=(5, 5, 6), test=(9, 9, 9)) == []
    assert said((30,) * 1000, batch_size=32, validation=(5,) * 1000) == []  # most are in no batch, as they must be


def test_a_class_without_training_rows() -> None:
    assert said((50, 0, 50), validation=(5, 0, 5)) == [
        ("warning", 'no training row has the class "개"; check the order of the rows, and data.limit')
    ]


def test_fewer_than_ten_training_rows() -> None:
    assert said((10, 9, 1), weighted=True) == [
        (
            "warning",
            'too few training rows to learn from: "개" (9), "새" (1); collect more of them, or leave the class out',
        )
    ]


def test_more_than_ten_times_the_smallest() -> None:
    assert said((101, 50, 10), batch_size=1000) == [
        (
            "warning",
            'the largest class, "고양이" (101 rows), has 10 times the training rows of the smallest, "새" (10 rows),'
            " so the network may never predict it; data.class_weight: balanced weights the classes equally",
        )
    ]
    assert said((100, 50, 10), batch_size=1000) == []
    assert said((101, 50, 10), batch_size=1000, weighted=True) == []
    assert 'the smallest, "개" (10 rows)' in said((0, 10, 200))[1][1]  # one without rows is another matter


def test_a_class_that_many_batches_lack() -> None:
    # 170 rows are 17 batches of 10, so that 16 rows are less than one for each.
    assert said((90, 64, 16)) == [
        ("note", 'many batches of 10 have no row of "새" (16); raise training.batch_size to 11 or more')
    ]
    assert said((90, 63, 17)) == []
    assert said((90, 64, 16), batch_size=11) == []


def test_parts_that_cannot_score_a_class() -> None:
    assert said((50, 50, 50), validation=(5, 0, 4), test=(0, 0, 10)) == [
        (
            "warning",
            'no validation row has the class "개", so the validation score says nothing about it;'
            " give the validation part more rows",
        ),
        ("note", 'few rows to compute the validation score of a class: "새" (4); give the validation part more rows'),
        (
            "warning",
            'no test row has the class "고양이", "개", so the test score says nothing about it;'
            " give the test part more rows",
        ),
    ]
