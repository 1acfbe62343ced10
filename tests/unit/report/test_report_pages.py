"""Pages of the report: tables and texts as HTML that opens anywhere, and nothing of theirs taken for HTML."""

import numpy as np
import pandas as pd

from melt2crystal.report.pages import SORT, STYLE, as_table, from_markdown, from_plain, page
from tests.helpers.golden import golden

HOSTILE = "<b>SiO2</b> & co"


def test_a_page_of_a_table_and_a_text(tmp_path):
    rows = {
        "id": ["p0-1", HOSTILE, None],
        "walk_ps": [8.0, 0.123456789, np.nan],
        "mean_temperature_K_hp": [4000, 4500, 5000],
        "energy_RMSE_meV_per_atom": [-12.5, 1e-7, 1e9],
        "V0_A3_per_formula": [-np.inf, 23.9, np.inf],
        "passed": [True, False, True],
        "nothing": [np.nan, np.nan, np.nan],
    }
    source = tmp_path / "walks.csv"
    source.write_text("id,walk_ps\np0-1,8.0\n")
    text = f"# Melt\n\n| p (GPa) | Å |\n|---|---|\n| 10 | {HOSTILE} |\n\n* `code` of [a page](https://x.y/z)\n"
    body = "\n".join([as_table(pd.DataFrame(rows)), from_markdown(text), from_plain(f"name: {HOSTILE}\n")])
    written = page("Walks", f"study x, reference: {HOSTILE}", body, source, f"smoke test {HOSTILE}")
    golden("report-page.html", written.replace(STYLE, "...").replace(SORT, "..."))
