"""Functions of rules that carry their signature."""

import inspect

from melt2crystal.jobs.signatures import signed


def test_a_signed_function_does_and_says_what_it_did_before():
    function = signed(lambda wildcards, attempt: (wildcards, attempt))
    assert function(1, attempt=2) == (1, 2)
    assert list(inspect.signature(function).parameters) == ["wildcards", "attempt"]
    assert inspect.signature(function) is function.__signature__
