"""Which publications stand after publications and rollbacks in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.load.rollback.standing_publications import undone_by

History = list[tuple[int, list[int]]]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], {}),
        ([(1, []), (2, [])], {1: None, 2: None}),
        ([(1, []), (2, []), (3, [2])], {1: None, 2: 3, 3: None}),
        ([(1, []), (2, []), (3, [2]), (4, [3])], {1: None, 2: None, 3: 4, 4: None}),
        ([(1, []), (2, [1]), (5, []), (6, [5, 2])], {1: None, 2: 6, 5: 6, 6: None}),
        ([(1, []), (2, [1]), (5, []), (6, [5, 2, 1])], {1: 6, 2: 6, 5: 6, 6: None}),
    ],
)
def test_a_rollback_undoes_what_came_since_and_what_was_undone_then_stands(
    history: History, expected: dict[int, int | None]
) -> None:
    assert undone_by(history) == expected


@given(st.lists(st.none() | st.integers(0, 9), max_size=12))
def test_what_stands_is_what_a_model_with_copies_says(steps: list[int | None]) -> None:
    """The model keeps the whole content of before each step: the publications whose work is in it."""
    history: History = []
    contents: list[frozenset[int]] = [frozenset()]
    for number, step in enumerate(steps):
        if step is None or step >= number:
            history.append((number, []))
            contents.append(contents[-1] | {number})
        else:
            history.append((number, list(range(number - 1, step - 1, -1))))
            contents.append(contents[step])
    stands = {number for number, by in undone_by(history).items() if by is None}
    publications = {number for number, undoes in history if not undoes}
    assert stands & publications == contents[-1]
