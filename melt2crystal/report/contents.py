"""Contents of the report: its pages, by name, in the order in which they are listed."""

from typing import NamedTuple

SUMMARY, TABLES, PROVENANCE = "1. Summary", "3. Tables", "4. Provenance"  # "2. Figures" are no pages
COLUMNS_OF = {SUMMARY: ("What", "Of"), TABLES: ("Stage", "Table"), PROVENANCE: ("No.", "What")}


class Page(NamedTuple):
    """Where a page stands in the report: its category and, there, its two labels."""

    category: str
    of: str
    title: str

    @property
    def labels(self) -> dict[str, str]:
        """Heading of each column -> what stands below it."""
        return dict(zip(COLUMNS_OF[self.category], (self.of, self.title), strict=True))


CONTENTS = {
    "summary": Page(SUMMARY, "All numbers", "every stage"),
    "lp": Page(SUMMARY, "Model card", "LP"),
    "hp": Page(SUMMARY, "Model card", "HP"),
    "walks": Page(TABLES, "1 Melt", "Walks"),
    "melts": Page(TABLES, "1 Melt", "Frames taken from files"),
    "certificate": Page(TABLES, "1 Melt", "Certificates of disorder"),
    "labels": Page(TABLES, "2 Labels", "Labels by batch and status"),
    "heldout": Page(TABLES, "3 Potentials", "Errors on held-out melt"),
    "selection": Page(TABLES, "4 Loop", "Selection"),
    "fits": Page(TABLES, "5 Benchmark", "Birch-Murnaghan fits"),
    "errors": Page(TABLES, "5 Benchmark", "Energy-volume errors"),
    "relaxed": Page(TABLES, "5 Benchmark", "Crystals relaxed"),
    "overlaps": Page(TABLES, "5 Benchmark", "Overlap of spectra"),
    "harmonic": Page(TABLES, "5 Benchmark", "Overlap of harmonic spectra"),
    "found": Page(TABLES, "6 Search", "Structures found, with reference energies"),
    "known": Page(TABLES, "6 Search", "Known crystals, relaxed with HP"),
    "names": Page(TABLES, "6 Search", "Names of the structures found"),
    "stability": Page(TABLES, "6 Search", "Dynamical stability"),
    "transitions": Page(TABLES, "6 Search", "Transition pressures"),
    "kept": Page(TABLES, "6 Search", "Where HP takes structures found earlier"),
    "study": Page(PROVENANCE, "1", "Configuration, resolved"),
    "versions": Page(PROVENANCE, "2", "Versions of the programs"),
    "origins": Page(PROVENANCE, "3", "Origin of each figure"),
}

FIGURES = {  # rule -> its files below figures/, without their endings
    "figures_parity": "figure1",
    "figures_energy_volume": "figure2",
    "figures_relaxed": "relaxed",
    "figures_harmonic": "harmonic",
    "figures_melt": "melt",
    "figures_found_energies": "figure3",
    "figures_found_crystals": "figure4",
    "figures_enthalpies": "enthalpies",
    "figures_gallery": "gallery",
    "figures_landscape": "landscape",
    "figures_convergence": "convergence",
    "figures_selection": "selection",
    "figures_audit": "audit",
    "figures_learning": "learning",
}
# those that every study with a search has
OF_SEARCH = ["figures_found_energies", "figures_found_crystals", "figures_gallery", "figures_landscape"]
