"""The explorer: opened from disk, sorted, clicked, photographed, a CIF downloaded, with and without WebGL."""

import hashlib
import json
import re

import numpy as np
import pytest
from PIL import Image

from melt2crystal.errors import UserError
from melt2crystal.figures.explorer import page
from melt2crystal.figures.explorer.alone import write_explorer_of
from melt2crystal.figures.explorer.page import VIEWER, as_json, write_explorer
from melt2crystal.figures.explorer.structures import Bond, Known, Structure
from melt2crystal.search.alone.results import write_results
from melt2crystal.search.found.table import STRUCTURES, UNIQUE, as_table
from melt2crystal.structure.crystals import read_crystal, space_group
from tests.helpers.checkout import REPOSITORY
from tests.helpers.devtools import opened
from tests.helpers.found_cases import CRYSTALS, rows_of

BOND = Bond("Si", "O", 2.32)
RUN = "window.ran=1"
HOSTILE = [  # ids: ends a script; a string of JavaScript; a comment that hides the end of a script
    f"</script><script>{RUN}</script>",
    rf"""'"\";{RUN};//${{{RUN}}}`""",
    f"<!--<script>{RUN}\u2028<img src=x onerror={RUN}>",
]
NAMES = [f'"><svg onload="{RUN}">', "\\", "@@DATA@@ ../../etc/passwd"]


def structures_at(pressure: float, ids: list[str]) -> list[Structure]:
    rows, frames = rows_of(CRYSTALS, ids, pressure)
    facts = {f"<b onclick={RUN}>": f"</dd><script>{RUN}</script>"}
    return [
        Structure(row, atoms, name, "somebody", facts)
        for row, atoms, name in zip(rows.to_dict("records"), frames, NAMES, strict=True)
    ]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explorer <b> #ü %20")
    structures = [*structures_at(0.0, HOSTILE), *structures_at(10.0, ["a", "b", "c"])]
    known = [Known(f"</text><script>{RUN}</script>", 0.0, 12.0, -8.02), Known("other", 10.0, 12.0, -8.0)]
    title = f"</title><script>{RUN}</script> @@SCRIPT@@"
    write_explorer(folder / "explorer.html", structures, BOND, title, title, known, f"<script>{RUN}</script>")
    return folder / "explorer.html"


def test_it_is_one_file_that_may_ask_nothing(hostile):
    text = hostile.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy and policy[1].startswith("default-src &#x27;none&#x27;") and "http" not in policy[1]
    before, _, after = text.partition('<script type="application/json" id="data">')
    data = json.loads(after.partition("</script>")[0])
    assert [one["id"] for one in data["structures"]] == [*HOSTILE, "a", "b", "c"]
    assert [one["name"] for one in data["structures"][:3]] == NAMES
    assert not re.search(r'<(?:script|img|link|iframe)[^>]* (?:src|href)="', before)
    assert "Redistributions in binary form" in text and "SVG" in text


@pytest.mark.chromium
@pytest.mark.parametrize("webgl", [True, False], ids=["webgl", "no-webgl"])
def test_a_person_opens_it_sorts_clicks_and_downloads(hostile, tmp_path, webgl):
    with opened(hostile, tmp_path, webgl) as shown:
        shown.download_into(tmp_path / "got")
        volumes = "[...document.querySelectorAll('#structures tbody tr')].map(r => Number(r.cells[2].textContent))"
        assert len(shown.value(volumes)) == 3 and shown.value("document.querySelector('#pressure').options.length") == 2
        before = shown.value(volumes)
        shown.click("#structures th:nth-child(3) button")
        assert shown.value(volumes) == sorted(before) != before
        shown.press("Enter", 13, "\r")  # the header has the focus
        assert shown.value(volumes) == sorted(before, reverse=True)
        sorted_by = "document.querySelector('#structures th:nth-child(3)').getAttribute('aria-sort')"
        assert shown.value(sorted_by) == "descending"

        shown.click("#landscape circle[data-number='1']")
        assert shown.value("document.querySelector('#name').textContent") == NAMES[1]
        assert shown.value("document.querySelector('tr.chosen').dataset.number") == "1"
        assert shown.value("document.querySelector('#view').dataset.way") == ("3d" if webgl else "picture")
        assert "P4₂/mnm (136)" in shown.value("document.querySelector('#facts').textContent")
        shown.value("new Promise(done => setTimeout(done, 500))")
        box = shown.value(
            "(b => [b.x, b.y, b.right, b.bottom])(document.querySelector('#view').getBoundingClientRect())"
        )
        seen = np.asarray(Image.open(shown.photograph(tmp_path / "seen.png")).convert("RGB").crop(box), dtype=int)
        drawn = (np.ptp(seen, axis=2) > 40).mean()  # coloured: atoms or polyhedra, not the frame
        assert 0.01 < drawn < 0.7, drawn

        shown.click("#cif")
        file = "document.querySelector('#cif').download"
        path = tmp_path / "got" / shown.value(file)
        assert re.fullmatch(r"[A-Za-z0-9][\w.-]*\.cif", path.name)
        shown.wait_for_file(path)
        crystal, (rows, frames) = read_crystal(path), rows_of(CRYSTALS)
        assert space_group(crystal) == rows["space_group"][1]
        assert crystal.get_volume() / len(crystal) == pytest.approx(frames[1].get_volume() / len(frames[1]), rel=1e-3)

        shown.click("#landscape circle[data-number='1']")
        shown.press("ArrowRight", 39)
        assert shown.value("document.querySelector('#name').textContent") == NAMES[0]  # the neighbour in volume
        shown.value("document.querySelector('#pressure').value = '10'")
        shown.value("document.querySelector('#pressure').dispatchEvent(new Event('change'))")
        assert shown.value("document.querySelectorAll('#landscape circle').length") == 3
        assert shown.value("document.querySelector('#structures tbody tr td:last-child').textContent") in "abc"
        assert shown.value("window.ran === undefined") and shown.errors == []
        assert shown.fetched == [hostile.as_uri()]


@pytest.mark.chromium
def test_the_test_would_see_a_name_that_runs(tmp_path):
    (tmp_path / "page.html").write_text(f"<script>var a = '{HOSTILE[0]}';</script>", encoding="utf-8")
    with opened(tmp_path / "page.html", tmp_path, False) as shown:
        assert shown.value("window.ran") == 1


def test_json_holds_no_markup_and_no_number_that_isnt_one():
    for text in (*HOSTILE, *NAMES):
        assert not set("<>&\u2028") & set(as_json(text)) and json.loads(as_json(text)) == text
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json(float("nan"))


def test_only_the_lowest_are_drawn_and_what_isnt_known_is_left_empty(monkeypatch):
    monkeypatch.setattr(page, "MOST_PICTURES", 2)
    rows, frames = rows_of(["stishovite"] * 4)
    rows["coordination"] = None
    structures = [Structure(row, atoms) for row, atoms in zip(rows.to_dict("records"), frames, strict=True)]
    text = page.page_of(structures, BOND, "a", "b", (), "")
    data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])["structures"]
    assert [bool(one["picture"]) for one in data] == [True, True, False, False]
    assert data[0]["coordination"] is None and data[0]["cif"].count("loop_") >= 1


def test_a_search_without_a_study_gets_its_explorer(tmp_path):
    rows, frames = rows_of(CRYSTALS)
    own = {name: atoms for name, atoms in zip(rows["id"], frames, strict=True)}
    write_results(tmp_path, rows[list(UNIQUE)], own, [None, "α-quartz", None], as_table([], STRUCTURES))
    with pytest.raises(UserError, match="holds no finished search"):
        write_explorer_of(tmp_path)
    substance = {"name": "SiO2", "central_species": "Si", "ligand_species": "O", "bond_cutoff_A": 2.3}
    told = {
        "settings": {"engine": "evolution", "seed": 1, "pressure_GPa": 10.0},
        "beginning": {"substance": substance},
        "potential": [{"file": "/home/somebody/hp/0.pb"}],
        "versions": {"melt2crystal": "0"},
    }
    (tmp_path / "search.json").write_text(json.dumps(told), encoding="utf-8")
    text = write_explorer_of(tmp_path).read_text(encoding="utf-8")
    assert "Structures found: SiO2 at 10 GPa" in text and "α-quartz" in text and "/home/somebody" not in text
    (tmp_path / "structures.extxyz").write_text("", encoding="utf-8")
    with pytest.raises(UserError):
        write_explorer_of(tmp_path)


def test_what_is_vendored_is_small_told_and_as_it_was_published():
    files = [path for path in VIEWER.parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1.5e6
    readme = (VIEWER / "README.md").read_text(encoding="utf-8")
    assert "npm pack 3dmol@2.5.5" in readme
    assert hashlib.sha256((VIEWER / "3Dmol-min.js").read_bytes()).hexdigest() in readme
    for path in VIEWER.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in readme, path
    # users and tests need no npm: no address of where packages are kept
    own = [path for path in (REPOSITORY / "melt2crystal/figures/explorer").rglob("*") if path.suffix in {".py", ".md"}]
    assert [path.name for path in own if "registry" in path.read_text(encoding="utf-8")] == []
