"""What labels and relaxations by the reference cost."""

from collections.abc import Mapping

from melt2crystal.plan.crystals import Cell, cells, cubic_cell
from melt2crystal.plan.laws import label_core_s
from melt2crystal.plan.rows import Factor, Term, in_digits
from melt2crystal.plan.task import Task
from melt2crystal.plan.units import Meter
from melt2crystal.study.batches import largest_batch
from melt2crystal.study.model import Study

MINUTE_S = 60.0


def melt_label(task: Task) -> tuple[float, str]:
    """Core-seconds of a melt's label, and in words how many: by the law, unless the study says what it expects (and
    nobody gave the law another cost)."""
    engine, minutes = task.study.reference.engine, _expected_minutes(task)
    if minutes is None:
        return label_core_s(engine, task.atoms, 1, task.meter), f"core-s at {task.atoms} atoms"
    cores = task.study.jobs.label_ranks or getattr(task.study.reference, "ranks", None) or 1
    by_law = label_core_s(engine, task.atoms, 1, Meter(task.meter.units))
    task.meter.used["minutes_per_label"] = "given"
    words = f"core-s (the study: {minutes:g} min on {cores} cores; by unit costs {in_digits(by_law)})"
    return minutes * MINUTE_S * cores, words


def _expected_minutes(task: Task) -> float | None:
    replaced = any(name.startswith("label_") and unit.basis == "given" for name, unit in task.meter.units.items())
    return None if replaced else task.study.jobs.minutes_per_label


def crystal_labels(study: Study, batch: str) -> list[tuple[int, Cell]]:
    """Number and cell of a batch's labels of crystals, kind by kind; none for a batch of melts."""
    if batch == "eos":
        volumes = len(study.benchmark.energy_volume.volume_scales)
        return [(volumes, cell) for cell in cells(study).values()]
    if batch == "harmonic":
        size = max(study.liquid.formula_units * study.substance.atoms_per_formula_unit, 72)
        return [(largest_batch(study, batch), Cell(size, 1))]
    if not batch.startswith("found"):
        return []
    units = study.search.formula_units
    share = largest_batch(study, batch) / len(units)
    per_unit = study.substance.atoms_per_formula_unit
    return [(round(share), cubic_cell(unit * per_unit, study)) for unit in units]


def crystal_label(task: Task, cell: Cell) -> float:
    """Core-seconds of a crystal's label; where the study says what a melt's costs, scaled down from it."""
    engine, meter = task.study.reference.engine, task.meter
    seconds = label_core_s(engine, cell.atoms, cell.k_points, meter)
    if _expected_minutes(task) is None:
        return seconds
    return melt_label(task)[0] * seconds / label_core_s(engine, task.atoms, 1, meter)


def label_shard(task: Task) -> list[Term]:
    """Labels of melts in one product, each batch of crystals in its own; where nothing is computed, they are read."""
    if not task.study.computes_labels:
        return [task.starts("small_job_s")]
    of_crystals = {name: rows for name in task.of("batch") if (rows := crystal_labels(task.study, name))}
    melts = {name: largest_batch(task.study, name) for name in task.of("batch") if name not in of_crystals}
    terms: list[Term] = []
    if melts:
        seconds, words = melt_label(task)
        terms.append((Factor(sum(melts.values()), f"labels ({_sum_of(melts)})"), Factor(seconds, words)))
    for name, rows in of_crystals.items():
        number = sum(count for count, _ in rows)
        mean = sum(count * crystal_label(task, cell) for count, cell in rows) / number
        sizes = sorted(cell.atoms for _, cell in rows)
        atoms = f"{sizes[0]}-{sizes[-1]}" if sizes[0] < sizes[-1] else f"{sizes[0]}"
        terms.append((Factor(number, f"labels ({name})"), Factor(mean, f"core-s at {atoms} atoms")))
    return [*terms, task.starts("small_job_s")]


def _sum_of(melts: Mapping[str, int]) -> str:
    loop = [count for name, count in melts.items() if name.startswith("iteration")]
    words = [f"{count:,} {name}" for name, count in melts.items() if not name.startswith("iteration")]
    return " + ".join([*words, *([f"{len(loop)} iterations x {loop[0]}"] if loop else [])])


def relaxed(task: Task, wanted: bool, volumes: int) -> list[Term]:
    """Relaxations of the polymorphs by the reference, if the study asks for them."""
    if not wanted:
        return [task.starts("small_job_s")]
    sizes = cells(task.study)
    mean = sum(crystal_label(task, cell) for cell in sizes.values()) / len(sizes)
    number = [Factor(len(sizes), "polymorphs"), *([Factor(volumes, "volumes")] if volumes > 1 else [])]
    steps = Factor(task.meter("relaxation_labels"), "labels' worth")
    return [(*number, steps, Factor(mean, "core-s")), task.starts("small_job_s")]
