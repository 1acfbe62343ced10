# What the report shows beside the figures. Functions only.

REPORTED = f"{RESULTS}/report"
PROVENANCE = f"{RESULTS}/provenance"
WHOLE_STUDY = json.dumps(STUDY.model_dump(mode="json"), sort_keys=True)

# page of the report -> category, its two labels, the files it is made from (a function, if decisions must be asked)
SEARCH_PAGES = {
    "found": ("3. Tables", "6 Search", "Structures found, with reference energies", f"{RESULTS}/search/found.csv"),
}
WALKS_PAGES = {"walks": ("3. Tables", "1 Melt", "Walks", f"{RESULTS}/liquid/walks.csv")}
MELTS_PAGES = {"melts": ("3. Tables", "1 Melt", "Frames taken from files", f"{RESULTS}/liquid/frames.csv")}
CURVES_PAGES = {
    "fits": ("3. Tables", "5 Benchmark", "Birch-Murnaghan fits", f"{RESULTS}/benchmark/fits.csv"),
    "errors": (
        "3. Tables",
        "5 Benchmark",
        "Energy-volume errors",
        f"{RESULTS}/benchmark/energy_volume_errors.csv",
    ),
}
GIVEN_PAGES = {
    "kept": ("3. Tables", "6 Search", "Where HP takes structures found earlier", found_by_pressure("relaxed.csv")),
}
SPECTRA_PAGES = {
    "overlaps": ("3. Tables", "5 Benchmark", "Overlap of spectra", f"{RESULTS}/benchmark/vdos/overlaps.csv"),
}
HARMONIC_PAGES = {
    "harmonic": (
        "3. Tables",
        "5 Benchmark",
        "Overlap of harmonic spectra",
        f"{RESULTS}/benchmark/harmonic/overlaps.csv",
    ),
}
PAGES = {
    "summary": ("1. Summary", "All numbers", "every stage", f"{RESULTS}/summary.md"),
    "lp": ("1. Summary", "Model card", "LP", f"{RESULTS}/models/lp/card.md"),
    "hp": ("1. Summary", "Model card", "HP", f"{RESULTS}/models/hp/card.md"),
    **(MELTS_PAGES if MELTS_FROM else WALKS_PAGES),
    "certificate": ("3. Tables", "1 Melt", "Certificates of disorder", f"{RESULTS}/liquid/certificate.csv"),
    "labels": ("3. Tables", "2 Labels", "Labels by batch and status", lambda wildcards: label_tables()),
    "heldout": (
        "3. Tables",
        "3 Potentials",
        "Errors on held-out melt",
        [f"{RESULTS}/train/{name}/heldout.json" for name in ("hp", "lp")],
    ),
    **({"selection": ("3. Tables", "4 Loop", "Selection", selection_tables)} if STUDY.select.max_iterations else {}),
    **(CURVES_PAGES if ENERGY_VOLUME else {}),
    **(SPECTRA_PAGES if len(SPECTRA_OF) == 2 else {}),
    **(HARMONIC_PAGES if HARMONIC else {}),
    **(SEARCH_PAGES if STUDY.search.enabled else {}),
    **(GIVEN_PAGES if FOUND_BEFORE else {}),
    "study": ("4. Provenance", "1", "Configuration, resolved", f"{PROVENANCE}/study.yaml"),
    "versions": ("4. Provenance", "2", "Versions of the programs", f"{PROVENANCE}/versions.csv"),
    "origins": ("4. Provenance", "3", "Origin of each figure", f"{PROVENANCE}/figures.csv"),
}
COLUMNS_OF = {"1. Summary": ("What", "Of"), "3. Tables": ("Stage", "Table"), "4. Provenance": ("No.", "What")}


def label_tables():
    """Labels of every batch of this study."""
    number = int(final_iteration())
    batches = ["initial", "heldout", *(f"iteration-{k:02d}" for k in range(number))]
    batches += ["eos"] if ENERGY_VOLUME else []
    batches += ["harmonic"] if HARMONIC else []
    batches += [f"found-p{pressure}" for pressure in SEARCHED]
    return [f"{RESULTS}/label/{batch}/labels.csv" for batch in batches]


def reported(page):
    """Output file of a page with its caption, category and labels."""
    category, first, second, _ = PAGES[page]
    return report(
        f"{REPORTED}/{page}.html",
        caption=f"../report/table_{page}.rst",
        category=category,
        labels=dict(zip(COLUMNS_OF[category], (first, second))),
    )


def all_figures():
    """Every figure of the study, the melt's among them."""
    return [*figures(), *(f"{RESULTS}/liquid/liquid.{kind}" for kind in ("pdf", "png"))]
