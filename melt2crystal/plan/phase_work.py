"""What it costs to say what was found: names, stability, enthalpies over pressure."""

from melt2crystal.plan.benchmark_work import relaxation_s
from melt2crystal.plan.crystals import Cell, cells
from melt2crystal.plan.label_work import crystal_label
from melt2crystal.plan.laws import model_step_s
from melt2crystal.plan.rows import Factor, Term
from melt2crystal.plan.task import Task
from melt2crystal.study.model import Study

DISPLACEMENTS = 20  # supercells of a structure: 6 to 72 of one of 12 atoms, by its symmetry


def one_by_one(study: Study) -> bool:
    """Whether HP relaxes structures one after the other; models of TensorFlow relax many in lock step."""
    return study.release.hp.calculator is not None or study.train.network.passes_messages


def search_names(task: Task) -> list[Term]:
    """Known crystals are relaxed twice at each pressure; prototypes are compared."""
    search = task.study.search
    points, mean = 2 * len(search.pressures_GPa), _mean_relaxation_s(task)
    looked_up = Factor(search.names.prototypes * len(search.pressures_GPa), "prototypes looked up")
    return [
        (Factor(len(cells(task.study)), "crystals"), Factor(points, "relaxations"), Factor(mean, "s")),
        (looked_up, Factor(task.meter("search_unique_s", 3 * max(search.formula_units)), "s")),
        task.starts("small_job_s"),
    ]


def search_stability(task: Task) -> list[Term]:
    """Forces of displaced supercells, two relaxations of each structure."""
    search, rules = task.study.search, task.study.search.stability
    tested = Factor(rules.structures * len(search.pressures_GPa), "structures")
    atoms = round(rules.width_A**3 / 10)
    forces = model_step_s(task.network, atoms, task.meter, gpu=False)
    return [
        (tested, Factor(DISPLACEMENTS, "supercells"), Factor(forces, f"s at {atoms} atoms")),
        (tested, Factor(2, "relaxations"), Factor(_mean_relaxation_s(task), "s")),
        task.starts("small_job_s"),
    ]


def search_enthalpies(task: Task) -> list[Term]:
    """Known and found phases relaxed at every pressure of the ladder, with HP, perhaps with the reference."""
    search, rules = task.study.search, task.study.search.enthalpy_curves
    phases = len(cells(task.study)) + rules.found * len(search.pressures_GPa)
    points = (Factor(phases, "phases"), Factor(len(rules.pressures_GPa), "pressures"))
    terms: list[Term] = []
    if "hp" in task.of("potential"):
        terms.append((*points, Factor(_mean_relaxation_s(task), "s (hp)")))
    if "reference" in task.of("potential"):
        label = _mean([crystal_label(task, cell) for cell in _cells(task)])
        terms.append((*points, Factor(task.meter("relaxation_labels"), "labels' worth"), Factor(label, "core-s")))
    return [*terms, task.starts("small_job_s")]


def _cells(task: Task) -> list[Cell]:
    return list(cells(task.study).values())


def _mean_relaxation_s(task: Task) -> float:
    """Seconds of one relaxation of a known crystal with HP."""
    alone, most = one_by_one(task.study), task.study.search.relax_steps
    return _mean([number * each for number, each in (relaxation_s(task, c.atoms, most, alone) for c in _cells(task))])


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
