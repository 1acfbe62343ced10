# Structure search with HP as the energy: random starts per pressure and cell size, unique structures, their reference energies.
from melt2crystal.sections.search import Relaxation, Starts, Symmetry, Trust, Unique, leaves


rule search_structures:
    input:
        models=released_models("hp"),
        polymorphs=f"{RESULTS}/benchmark/structures.extxyz",
    output:
        table=f"{RESULTS}/search/p{{pressure}}/z{{units}}/structures.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/z{{units}}/structures.extxyz",
    log:
        log("search_structures", "p{pressure}-z{units}"),
    benchmark:
        cost("search_structures", "p{pressure}-z{units}")
    threads: STUDY.search.workers
    resources:
        mem_mb=memory(2000 * STUDY.search.workers),
        runtime=720,
    params:
        *code("search_structures"),
        settings=settings("search.structures", *leaves(Starts, Relaxation, Symmetry, Trust), "substance", "seed"),
        packages=packages(*MODELS, "ase", "pyxtal", "spglib"),
    message:
        "Searching structures at {wildcards.pressure} GPa, {wildcards.units} formula units"
    shell:
        "python scripts/search_structures.py {input.models} --polymorphs {input.polymorphs} "
        "--pressure={wildcards.pressure} --formula-units {wildcards.units} --table {output.table} "
        "--structures {output.structures} --workers {threads} --settings {params.settings:q} > {log} 2>&1"


rule search_unique:
    input:
        models=released_models("hp"),
        polymorphs=f"{RESULTS}/benchmark/structures.extxyz",
        tables=collect(
            f"{RESULTS}/search/p{{{{pressure}}}}/z{{units}}/structures.csv", units=STUDY.search.formula_units
        ),
        structures=collect(
            f"{RESULTS}/search/p{{{{pressure}}}}/z{{units}}/structures.extxyz", units=STUDY.search.formula_units
        ),
    output:
        table=f"{RESULTS}/search/p{{pressure}}/unique.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/unique.extxyz",
    log:
        log("search_unique", "p{pressure}"),
    benchmark:
        cost("search_unique", "p{pressure}")
    threads: STUDY.search.workers
    resources:
        mem_mb=memory(2000 * STUDY.search.workers),
        runtime=240,
    params:
        *code("search_unique"),
        settings=settings(*leaves(Starts, Relaxation, Symmetry, Trust, Unique), "substance", "seed"),
        packages=packages(*MODELS, "ase", "pymatgen-core", "spglib"),
    message:
        "Unique structures at {wildcards.pressure} GPa"
    shell:
        "python scripts/search_unique.py {input.tables} --models '{input.models}' --polymorphs {input.polymorphs} "
        "--pressure={wildcards.pressure} --table {output.table} --structures {output.structures} "
        "--workers {threads} --settings {params.settings:q} > {log} 2>&1"


rule search_request:
    input:
        table=f"{RESULTS}/search/p{{pressure}}/unique.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/unique.extxyz",
    output:
        requested=f"{RESULTS}/label/found-p{{pressure}}/requested.extxyz",
    log:
        log("search_request", "p{pressure}"),
    benchmark:
        cost("search_request", "p{pressure}")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("search_request"),
        settings=settings("search.labelled_structures"),
    message:
        "Choosing found structures to label at {wildcards.pressure} GPa"
    shell:
        "python scripts/search_request.py --table {input.table} --structures {input.structures} "
        "--out {output.requested} --settings {params.settings:q} > {log} 2>&1"


rule search_found:
    input:
        models=released_models("hp"),
        tables=collect(f"{RESULTS}/search/p{{pressure}}/unique.csv", pressure=SEARCHED),
        structures=collect(f"{RESULTS}/search/p{{pressure}}/unique.extxyz", pressure=SEARCHED),
        labels=collect(f"{RESULTS}/label/found-p{{pressure}}/labels.extxyz", pressure=SEARCHED),
        statuses=collect(f"{RESULTS}/label/found-p{{pressure}}/labels.csv", pressure=SEARCHED),
    output:
        table=f"{RESULTS}/search/found.csv",
    log:
        log("search_found"),
    benchmark:
        cost("search_found")
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        *code("search_found"),
        packages=packages(*MODELS),
    message:
        "Joining the found structures with their reference energies"
    shell:
        "python scripts/search_found.py {input.tables} --labels '{input.labels}' --models '{input.models}' "
        "--out {output.table} > {log} 2>&1"
