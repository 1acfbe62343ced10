"""An error that rounding hides is not said to be none."""

import pytest

from melt2crystal.summary.text import with_error


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (24.041, 0.004, "24.04 (± < 0.01)"),
        (24.041, 0.0051, "24.04 ± 0.01"),
        (24.041, 0.38, "24.04 ± 0.38"),
        (24.041, 0.0, "24.04 (± < 0.01)"),
        (24.041, None, "24.04"),
        (None, None, "–"),
    ],
)
def test_an_error_that_rounding_hides_is_not_said_to_be_none(value, error, said):
    assert with_error(value, error, 2) == said
