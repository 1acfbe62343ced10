# Searches that are not ours: USPEX's, which is called or handed over, and other people's, which lie in files. Both end in
# the table that the embedded engine writes: HP relaxes and judges them, and what follows doesn't know the difference.
from melt2crystal.search.others.contents import digest_of
from melt2crystal.search.uspex.folder import digest_of_results, lacking
from melt2crystal.sections.search import Batches, Engine, Melts, Relaxation, Starts, Symmetry, Trust, Unique, leaves

OTHERS = STUDY.search.found if STUDY.search.enabled and not STUDY.found_with_labels else None
BY_USPEX = STUDY.searches_by_uspex
HANDED_OVER = STUDY.search.uspex.mode == "handover"
# cell sizes that our own engine searches; of its refused structures some are labelled too
EMBEDDED = [] if OTHERS or BY_USPEX or PATHS.found_earlier else STUDY.search.formula_units
# folders of the relaxations of one pressure: one a cell size, or those of somebody else's structures
SEARCHES = ["others"] if OTHERS else [f"z{units}" for units in STUDY.search.formula_units]
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


rule search_uspex_inputs:
    input:
        models=PATHS.released("hp"),
        bounds=f"{RESULTS}/search/p{{pressure}}/bounds.json",
    output:
        text=f"{OF_USPEX}/INPUT.txt",
        stages=[f"{OF_USPEX}/Specific/lammps.in_{k}" for k in (1, 2, 3)],
        model=f"{OF_USPEX}/Specific/graph.pb",
    log:
        log("search_uspex_inputs", "p{pressure}-z{units}"),
    benchmark:
        cost("search_uspex_inputs", "p{pressure}-z{units}")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("search_uspex_inputs"),
        settings=settings(
            *("search.structures", "search.relax_member", "substance"),
            *("search.uspex.version", "search.uspex.lammps", "search.uspex.parallel"),
            *leaves(Engine),
        ),
    message:
        "Writing the inputs of USPEX at {wildcards.pressure} GPa, {wildcards.units} formula units"
    shell:
        program(
            "search_uspex_inputs",
            "{input.models} --bounds {input.bounds} --pressure={wildcards.pressure} "
            "--formula-units {wildcards.units} --out {output.text}",
        )


rule search_uspex_handover:
    input:
        collect(OF_USPEX + "/INPUT.txt", pressure=PATHS.searched, units=STUDY.search.formula_units),
    output:
        f"{RESULTS}/search/handed-over.txt",
    log:
        log("search_uspex_handover"),
    benchmark:
        cost("search_uspex_handover")
    retries: 0  # it waits for a person
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("search_uspex_handover"),
        places=uspex_places,
    message:
        "Handing the search over to USPEX: what is to be run stands in {log}"
    shell:
        program("search_uspex_handover", "{input} --out {output} --places {params.places}", settings=False)


rule search_uspex_run:
    input:
        text=f"{OF_USPEX}/INPUT.txt",
        stages=[f"{OF_USPEX}/Specific/lammps.in_{k}" for k in (1, 2, 3)],
        model=f"{OF_USPEX}/Specific/graph.pb",
    output:
        finished=f"{OF_USPEX}/finished.json",
    log:
        log("search_uspex_run", "p{pressure}-z{units}"),
    benchmark:
        cost("search_uspex_run", "p{pressure}-z{units}")
    threads: STUDY.search.uspex.parallel
    resources:
        mem_mb=memory(2000 * STUDY.search.uspex.parallel),
        runtime=1440,
    params:
        *code("search_uspex_run"),
        places=uspex_places,
        packages=packages(*MODELS),
    message:
        "USPEX searches at {wildcards.pressure} GPa, {wildcards.units} formula units"
    shell:
        program(
            "search_uspex_run",
            "--inputs {input.text} --finished {output.finished} --places {params.places}",
            settings=False,
        )


rule search_uspex_structures:
    input:
        models=PATHS.released("hp"),
        bounds=f"{RESULTS}/search/p{{pressure}}/bounds.json",
        inputs=f"{OF_USPEX}/INPUT.txt",
        ended=uspex_ended,
    output:
        table=f"{RESULTS}/search/p{{pressure}}/z{{units}}/structures.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/z{{units}}/structures.extxyz",
        theirs=f"{RESULTS}/search/p{{pressure}}/z{{units}}/theirs.csv",
    log:
        log("search_uspex_structures", "p{pressure}-z{units}"),
    benchmark:
        cost("search_uspex_structures", "p{pressure}-z{units}")
    threads: STUDY.search.workers
    resources:
        mem_mb=memory(2000 * STUDY.search.workers),
        runtime=240,
    params:
        *code("search_uspex_structures"),
        settings=settings(*leaves(Batches, Starts, Relaxation, Symmetry, Trust), "substance", "seed"),
        packages=packages(*MODELS, "ase", "spglib"),
        results=results_of_uspex,
        finished=[] if HANDED_OVER else ["--finished", f"{OF_USPEX}/finished.json"],
    message:
        "Structures of USPEX at {wildcards.pressure} GPa, {wildcards.units} formula units, with HP"
    shell:
        program(
            "search_uspex_structures",
            "{input.models} --inputs {input.inputs} --bounds {input.bounds} --pressure={wildcards.pressure} "
            "--formula-units {wildcards.units} --table {output.table} --structures {output.structures} "
            "--theirs {output.theirs} {params.finished} --workers {threads}",
        )


rule search_others:
    input:
        models=PATHS.released("hp"),
        bounds=f"{RESULTS}/search/p{{pressure}}/bounds.json",
    output:
        table=f"{RESULTS}/search/p{{pressure}}/others/structures.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/others/structures.extxyz",
        theirs=f"{RESULTS}/search/p{{pressure}}/others/theirs.csv",
    log:
        log("search_others", "p{pressure}"),
    benchmark:
        cost("search_others", "p{pressure}")
    threads: STUDY.search.workers
    resources:
        mem_mb=memory(2000 * STUDY.search.workers),
        runtime=240,
    params:
        *code("search_others"),
        settings=settings(
            *leaves(Batches, Starts, Relaxation, Symmetry, Trust),
            "substance",
            "seed",
            searched=STUDY.search.pressures_GPa,
        ),
        packages=packages(*MODELS, "ase", "spglib"),
        found=["--found", OTHERS or ""],
        contents=digest_of(Path(OTHERS)) if OTHERS else "",
    message:
        "Structures of another search at {wildcards.pressure} GPa, with HP"
    shell:
        program(
            "search_others",
            "{input.models} {params.found} --bounds {input.bounds} --pressure={wildcards.pressure} "
            "--table {output.table} --structures {output.structures} --theirs {output.theirs} --workers {threads}",
        )
