"""Pages of the report: one self-contained HTML file per table or text. No script or style is fetched from elsewhere."""

import base64
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

STYLE = """
body { font: 14px/1.45 system-ui, "DejaVu Sans", sans-serif; color: #1a1a1a; margin: 1.5rem 2rem; }
h1 { font-size: 1.35rem; margin: 0 0 .2rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; } h3 { font-size: 1rem; }
p.warning { color: #d55e00; font-weight: bold; }
p.where { color: #555; margin: 0 0 1rem; } p { max-width: 48rem; } a { color: #0072b2; }
table { border-collapse: collapse; margin: .4rem 0 1.2rem; font-variant-numeric: tabular-nums; }
th { text-align: left; vertical-align: bottom; border-bottom: 1.5px solid #333; padding: .25rem .7rem; background: #fff;
     position: sticky; top: 0; }
td { padding: .18rem .7rem; border-bottom: 1px solid #e3e3e3; white-space: nowrap; }
tr:hover td { background: #f2f7fb; }
td.number, th.number { text-align: right; } table.sortable th { cursor: pointer; }
table.sortable th:hover { color: #0072b2; }
pre { background: #f6f6f6; padding: .8rem 1rem; overflow-x: auto; font: 12.5px/1.4 "DejaVu Sans Mono", monospace; }
code { font: .92em "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
"""
SORT = """
for (const head of document.querySelectorAll("table.sortable th")) head.addEventListener("click", () => {
  const body = head.closest("table").tBodies[0], column = head.cellIndex;
  const down = head.dataset.down === "1"; head.dataset.down = down ? "0" : "1";
  const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const compare = (a, b) => { const x = Number(key(a)), y = Number(key(b));
    const known = key(a) !== "" && key(b) !== "" && !Number.isNaN(x) && !Number.isNaN(y);
    return known ? x - y : key(a).localeCompare(key(b)); };
  [...body.rows].sort((a, b) => down ? compare(b, a) : compare(a, b)).forEach(row => body.append(row));
});
"""
# endings of column names -> units in brackets; other names only lose their underscores
UNITS = {
    "_meV_per_atom": " (meV/atom)",
    "_eV_per_atom": " (eV/atom)",
    "_eV_per_A": " (eV/Å)",
    "_g_per_cm3": " (g/cm³)",
    "_A3_per_formula": " (Å³/formula unit)",
    "_A3_per_atom": " (Å³/atom)",
    "_A2_per_ps": " (Å²/ps)",
    "_GPa": " (GPa)",
    "_THz": " (THz)",
    "_ps": " (ps)",
    "_K": " (K)",
    "_A": " (Å)",
}


def page(title: str, where: str, body: str, source: Path | None = None, warning: str = "") -> str:
    """A whole HTML page.

    Args:
        title: heading; plain text, as is ``where``, the line below it.
        body: HTML.
        source: the file behind the page, offered for download.
        warning: what must be known before a number is believed; plain text.
    """
    warned = f'<p class="warning">{escape(warning)}</p>\n' if warning else ""
    link = (
        f' · <a download="{escape(source.name)}" href="{_data_uri(source)}">{escape(source.name)}</a>' if source else ""
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f'<p class="where">{escape(where)}{link}</p>\n{warned}{body}\n<script>{SORT}</script>\n</body>\n</html>\n'
    )


def _data_uri(path: Path) -> str:
    return f"data:text/plain;base64,{base64.b64encode(path.read_bytes()).decode()}"


def as_table(table: pd.DataFrame) -> str:
    """A table that sorts by a click on its head; columns without any value are left out."""
    table = table.dropna(axis="columns", how="all")
    head = "".join(_head(str(name), table[name]) for name in table.columns)
    rows = ("".join(map(_cell, row)) for row in table.itertuples(index=False, name=None))
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table class="sortable">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>'


def _head(name: str, column: "pd.Series[Any]") -> str:
    numbers = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    kind = ' class="number"' if numbers else ""
    return f"<th{kind}>{escape(heading(name))}</th>"


def heading(name: str) -> str:
    """A column's name in words, its unit in brackets: mean_temperature_K_hp -> mean temperature hp (K)."""
    for ending, unit in UNITS.items():
        before, found, after = name.partition(ending)
        if found and (not after or after.startswith("_")):
            return f"{before}{after}".replace("_", " ") + unit
    return name.replace("_", " ")


def _cell(value: object) -> str:
    if isinstance(value, (bool, np.bool_)):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, (int, float, np.number)):
        if np.isnan(value):
            return '<td class="number" data-value="">–</td>'
        if np.isinf(value):
            shown, key = ("−∞", "-Infinity") if value < 0 else ("∞", "Infinity")
            return f'<td class="number" data-value="{key}">{shown}</td>'
        return f'<td class="number" data-value="{float(value)!r}">{value:.6g}</td>'
    return f"<td>{'–' if value is None or value is pd.NA else escape(str(value))}</td>"


def from_markdown(text: str) -> str:
    """HTML of a Markdown text with tables; raw HTML in it stays text, and no picture is fetched."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render(text)


def from_plain(text: str) -> str:
    """Text as it stands."""
    return f"<pre>{escape(text)}</pre>"
