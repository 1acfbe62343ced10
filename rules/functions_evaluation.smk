# What the benchmark, the search, the figures and the summary ask. Functions only.

POLYMORPHS = list(STUDY.benchmark.polymorphs)
SCALED_BY_REFERENCE = STUDY.benchmark.energy_volume.structures == "reference"
RELAXED_BY_REFERENCE = STUDY.benchmark.energy_volume.ions == "relaxed"


def of_polymorphs(*fields, names=POLYMORPHS):
    """What a job needs to know of each polymorph, in the study's order; titles, for example, it need not know."""
    return [{"name": name, **STUDY.benchmark.polymorphs[name].model_dump(include=set(fields))} for name in names]


# figures and the summary need these three
ENERGY_VOLUME = (
    [f"{RESULTS}/benchmark/{name}" for name in ("energy_volume_errors.csv", "energy_volume_errors.json", "fits.csv")]
    if STUDY.benchmark.energy_volume.enabled
    else []
)
SPECTRA_OF = (["hp", "reference"] if STUDY.benchmark.vdos.reference else ["hp"]) if STUDY.benchmark.vdos.enabled else []


def chunks():
    """Polymorphs whose walks share a process; one more polymorph at the end of the list leaves the full chunks alone."""
    size = STUDY.benchmark.vdos.polymorphs_per_job
    return [POLYMORPHS[start : start + size] for start in range(0, len(POLYMORPHS), size)]


def vdos_settings(wildcards):
    states = of_polymorphs("temperature_K", "pressure_GPa", names=chunks()[int(wildcards.chunk)])
    sections = ["benchmark.vdos", "substance", "seed", *(["reference"] if wildcards.potential == "reference" else [])]
    return settings(*sections, states=states)


def spectra():
    """Spectra of every polymorph, for figure 2."""
    return [f"{RESULTS}/benchmark/vdos/{potential}/{name}.csv" for potential in SPECTRA_OF for name in POLYMORPHS]


HARMONIC = STUDY.benchmark.harmonic_polymorphs  # none while benchmark.harmonic.enabled is false
SEARCHED = [f"{pressure:g}" for pressure in STUDY.search.pressures_GPa] if STUDY.search.enabled else []
FIGURES = [
    "figure_parity",
    *(["figure_energy_volume"] if ENERGY_VOLUME else []),
    *(["figure_harmonic"] if HARMONIC else []),
    *(["figure_search", "figure_found"] if STUDY.search.enabled else []),
    *(["figure_selection"] if STUDY.select.max_iterations else []),
    *(["figure_learning"] if STUDY.select.max_iterations or len(GIVEN) < 2 else []),
]
FILE_OF = {
    "figure_parity": "figure1",
    "figure_energy_volume": "figure2",
    "figure_harmonic": "harmonic",
    "figure_search": "figure3",
    "figure_found": "figure4",
    "figure_selection": "selection",
    "figure_learning": "learning",
}


def figures():
    """All figures of this study."""
    return [f"{RESULTS}/figures/{FILE_OF[rule]}.{kind}" for rule in FIGURES for kind in ("pdf", "png")]


def style(*sections, **extra):
    """What every figure needs to know, and what this one needs beside it."""
    return settings("figures", "reference.name", "name", *sections, **extra)


TITLE_OF = {
    "figure_parity": ("1", "Held-out melt: energies and forces"),
    "figure_energy_volume": ("2", "Energy-volume curves of the polymorphs"),
    "figure_search": ("3", "Energies of the structures found"),
    "figure_found": ("4", "Structures found beside known crystals"),
    "figure_harmonic": ("5", "Harmonic vibrations"),
    "liquid_plot": ("A", "Melts and their certificates"),
    "liquid_plot_frames": ("A", "Melts and their certificates"),
    "figure_selection": ("B", "Selection of frames in the loop"),
    "figure_learning": ("C", "Learning curves"),
}


def picture(rule, path=None):
    """PNG of a figure, in the report with its caption."""
    number, shows = TITLE_OF[rule]
    return report(
        path or f"{RESULTS}/figures/{FILE_OF[rule]}.png",
        caption=f"../report/{rule}.rst",
        category="2. Figures",
        labels={"Figure": number, "Shows": shows},
    )


MELTS_FROM = list(STUDY.liquid.frames or [])
FOUND_BEFORE = STUDY.search.found if STUDY.search.enabled else None


def found_by_pressure(name):
    """A file of the search at every pressure."""
    return [f"{RESULTS}/search/p{pressure:g}/{name}" for pressure in STUDY.search.pressures_GPa]


def polymorphs_for_figures(*fields):
    return {name: {field: getattr(p, field) for field in fields} for name, p in STUDY.benchmark.polymorphs.items()}


def learning_curves(wildcards):
    """Of every ensemble that was trained."""
    released = [name for name in ("lp", "hp") if name not in GIVEN]
    ensembles = [f"iteration-{number}" for number in iterations_done()] + released
    return [f"{RESULTS}/train/{name}/{member}/lcurve.csv" for name in ensembles for member in members_of(name)]


def selection_tables(wildcards):
    return [f"{RESULTS}/select/{number}/table.csv" for number in iterations_done()]


SUMMARISED = [
    "substance",
    "grid",
    "liquid",
    "certificate",
    "reference",
    "label",
    "train",
    "explore",
    "select",
    "release",
]
NAMES = ["name", "substance.name", "reference.name"]
SETTINGS_OF_SUMMARY = settings(
    *SUMMARISED,
    *NAMES,
    "benchmark",
    "search",
    "seed",
    melts_from=MELTS_FROM,
    found_in=FOUND_BEFORE,
    trained_elsewhere=GIVEN,
)
# Figures carry the digest of summary.json. They take it from here: as a parameter, any setting would draw them all again.
os.environ.update(MELT2CRYSTAL_SETTINGS_DIGEST=hashlib.sha256(SETTINGS_OF_SUMMARY.encode()).hexdigest())


def dataset_manifests(wildcards):
    return [f"{RESULTS}/dataset/{number:02d}/manifest.json" for number in range(int(final_iteration()) + 1)]
