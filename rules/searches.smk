# Whose searches the study takes: our own, USPEX's, or other people's. Names and functions alone.
from melt2crystal.search.uspex.folder import digest_of_results, lacking

OTHERS = STUDY.search.found if STUDY.search.enabled and not STUDY.found_with_labels else None
BY_USPEX = STUDY.searches_by_uspex
HANDED_OVER = STUDY.search.uspex.mode == "handover"
# cell sizes that our own engine searches; of its refused structures some are labelled too
EMBEDDED = [] if OTHERS or BY_USPEX or PATHS.found_earlier else STUDY.search.formula_units
# Folders of the relaxations of one pressure: one a cell size, or those of somebody else's structures.
SEARCHES = ["others"] if OTHERS else STUDY.cells_searched
OF_USPEX = f"{RESULTS}/search/p{{pressure}}/z{{units}}/uspex"
USPEX_PLACES = places_text(STUDY.search.uspex)


@signed
def uspex_places(wildcards, output):
    """Command and pause of USPEX here: as places of the reference, they rerun nothing."""
    return USPEX_PLACES


@signed
def results_of_uspex(wildcards):
    """Digest of results that were put back: their content is what the job depends on, whatever the names of files."""
    return digest_of_results(Path(OF_USPEX.format(**wildcards))) if BY_USPEX and HANDED_OVER else ""


@signed
def uspex_ended(wildcards):
    """What a search waits for: the run here; or, while results are not put back, the stop that says what to do."""
    if not HANDED_OVER:
        return f"{RESULTS}/search/p{wildcards.pressure}/z{wildcards.units}/uspex/finished.json"
    return f"{RESULTS}/search/handed-over.txt" if lacking(Path(OF_USPEX.format(**wildcards))) else []
