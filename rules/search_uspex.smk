# Searches that are not ours: USPEX's, which is called or handed over, and other people's, which lie in files. Both end in
# the table that the embedded engine writes: HP relaxes and judges them, and what follows doesn't know the difference.
from melt2crystal.search.others.contents import digest_of
from melt2crystal.sections.search import Batches, Engine, Melts, Relaxation, Starts, Symmetry, Trust, Unique, leaves


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
        collect(f"{OF_USPEX}/INPUT.txt", pressure=PATHS.searched, units=STUDY.search.formula_units),
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
        table=f"{RESULTS}/search/p{{pressure}}/uspex-z{{units}}/structures.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/uspex-z{{units}}/structures.extxyz",
        theirs=f"{RESULTS}/search/p{{pressure}}/uspex-z{{units}}/theirs.csv",
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
