"""A plan as a page for the terminal."""

from collections.abc import Iterable, Sequence

from melt2crystal.jobs.job import Job
from melt2crystal.jobs.ledger import HOUR_S
from melt2crystal.jobs.progress import in_words
from melt2crystal.plan.rows import Row, in_digits
from melt2crystal.plan.storage import Files
from melt2crystal.plan.units import Basis, UnitCost

BRIEF_S = 60.0  # rows below this are one line together


def counted(jobs: Sequence[Job]) -> str:
    """How many jobs, and where they run."""
    places = {place: sum(job.place == place for job in jobs) for place in ("cpu", "gpu", "local")}
    return f"{len(jobs):,} jobs: {places['cpu']:,} CPU, {places['gpu']:,} GPU, {places['local']:,} beside the driver"


def work_table(rows: Sequence[Row]) -> str:
    """Each row with its formula; small rows of a box share a line. Ends with the sums."""
    lines = [f"{'core-h':>10}{'GPU-h':>10}  jobs"]
    for box in dict.fromkeys(row.box for row in rows):
        own = [row for row in rows if row.box == box]
        big = [row for row in own if row.work_s >= BRIEF_S]
        small = [row for row in own if row.work_s < BRIEF_S]
        lines.append(f"\n{_hours(own)}  {sum(len(row.jobs) for row in own):,}  {box.upper()}")
        for row in big:
            where = f"{row.cores} cores" if row.cores > 1 else "1 GPU" if row.gpus else "1 core"
            lines.append(f"{_hours([row])}  {len(row.jobs):,} {row.rule}, {where} each; {row.basis}")
            lines.append(f"{'':22}{row.formula} = {_result(row)}")
        if small:
            names = ", ".join(f"{len(row.jobs):,} {row.rule}" for row in small)
            lines.append(f"{_hours(small)}  {names}")
    lines.append(f"\n{_hours(rows)}  {sum(len(row.jobs) for row in rows):,}  ALL")
    return "\n".join(lines)


def storage_table(files: Sequence[Files]) -> str:
    """Each kind of file with its formula."""
    lines = [f"{'GB':>10}"]
    lines += [f"{part.gigabytes:>10.3g}  {part.what}; {part.basis}\n{'':12}{part.formula}" for part in files]
    return "\n".join([*lines, f"{sum(part.gigabytes for part in files):>10.3g}  all"])


def beyond_limits(rows: Iterable[Row]) -> list[str]:
    """Rules whose jobs should take longer than their time limits."""
    return [
        f"{row.rule} ({row.box}): {in_words(row.job_s)} each, but the limit is {in_words(row.runtime_min * 60)}; "
        "docs/guides/cluster.md says what to do"
        for row in rows
        if row.runtime_min and row.job_s > row.runtime_min * 60
    ]


def shaky(rows: Sequence[Row]) -> str:
    """How much of the sums rests on numbers that were not measured, in words."""
    by_basis: dict[Basis, list[Row]] = {}
    for row in rows:
        by_basis.setdefault(row.basis, []).append(row)
    parts = []
    for basis, own in by_basis.items():
        gpu = sum(row.gpu_hours for row in own)
        words = f"{in_digits(sum(row.core_hours for row in own))} core-h"
        parts.append(f"{basis} {words}" + (f", {in_digits(gpu)} GPU-h" if gpu else ""))
    return "; ".join(parts)


def unit_table(units: dict[str, UnitCost]) -> str:
    """The unit costs with their sources."""
    lines = []
    for name, unit in units.items():
        sizes = f" ({unit.atoms[0]:g}-{unit.atoms[1]:g} atoms)" if unit.atoms else ""
        lines.append(f"{name} = {unit.value:g} {unit.unit}; {unit.basis}{sizes}: {unit.source}")
    return "\n".join(lines)


def _hours(rows: Iterable[Row]) -> str:
    rows = list(rows)
    core, gpu = sum(row.core_hours for row in rows), sum(row.gpu_hours for row in rows)
    return f"{in_digits(core):>10}{in_digits(gpu) if gpu else '-':>10}"


def _result(row: Row) -> str:
    unit = "GPU-h" if row.gpus else "core-h"
    return f"{in_digits(row.work_s / HOUR_S)} {unit}"
