"""Searches that are not ours (of USPEX, of other people): the plan of a finished study holds their rules alone."""

import json
import shutil

import pytest

from tests.helpers.checkout import REPOSITORY, jobs

OURS = "search_structures"
SEARCHES = {
    "uspex, run here": (
        {"engine": "uspex", "uspex": {"mode": "run"}},
        {"search_uspex_run": 1, "search_uspex_structures": 1},
    ),
    "uspex, handed over": (
        {"engine": "uspex", "uspex": {"mode": "handover"}},
        {"search_uspex_handover": 1, "search_uspex_structures": 1},
    ),
    "of somebody else": ({"found": "theirs"}, {"search_others": 1}),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_another_search_takes_the_place_of_ours(edited, name):
    section, wanted = SEARCHES[name]
    shutil.copytree(REPOSITORY / "data/polymorphs", edited.folder / "theirs", ignore=shutil.ignore_patterns("pbe"))
    planned = jobs(edited.snakemake("-n", "--quiet", "rules", config=("study=ci", f"search={json.dumps(section)}")))
    assert planned.items() >= wanted.items()
    assert planned["search_request"] == planned["search_unique"] == 1  # what follows is done anew with what was found
    assert OURS not in planned
