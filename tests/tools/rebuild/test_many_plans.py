"""Work in a process of its own: its answer, its error or its death reaches the one who asked."""

import os

import pytest

from melt2crystal.errors import UserError
from tools.rebuild.many_plans import in_fork


def test_what_the_work_returns_comes_back_and_nothing_else():
    seen = []
    assert in_fork(lambda: seen.append(1) or {"jobs": [1, 2]}) == {"jobs": [1, 2]}
    assert seen == []


def refuse():
    raise UserError("study.yaml: seed is missing")


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda: 1 / 0, "ZeroDivisionError"),
        (refuse, r"^study\.yaml: seed is missing$"),
        (lambda: os._exit(3), "process of a plan died"),
    ],
)
def test_work_that_fails_says_why(work, said):
    with pytest.raises(UserError, match=said):
        in_fork(work)
