# Structure search with HP as the energy: an evolution per pressure and cell size, unique structures, their reference energies.
# What it knows of volumes and energies comes from the melts: no rule here reads a known crystal.


rule search_melts:
    input:
        models=PATHS.released("hp"),
        melts=PATHS.certified("initial"),
    output:
        melts=f"{RESULTS}/search/p{{pressure}}/melts.extxyz",
        bounds=f"{RESULTS}/search/p{{pressure}}/bounds.json",
    log:
        log("search_melts", "p{pressure}"),
    benchmark:
        cost("search_melts", "p{pressure}")
    resources:
        mem_mb=memory(2000),
        runtime=240,
    params:
        *code("search_melts"),
        models=repeated("--model", PATHS.released("hp")),
        settings=settings(*leaves(Melts, Relaxation), "substance"),
        packages=packages(*MODELS, "ase"),
    message:
        "Bringing melts to rest at {wildcards.pressure} GPa"
    shell:
        program(
            "search_melts",
            "{input.melts} {params.models} --pressure={wildcards.pressure} --out {output.melts} "
            "--bounds {output.bounds}",
        )


rule search_structures:
    input:
        models=PATHS.released("hp"),
        melts=f"{RESULTS}/search/p{{pressure}}/melts.extxyz",
        bounds=f"{RESULTS}/search/p{{pressure}}/bounds.json",
    output:
        table=f"{RESULTS}/search/p{{pressure}}/z{{units}}/structures.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/z{{units}}/structures.extxyz",
        insane=f"{RESULTS}/search/p{{pressure}}/z{{units}}/insane.extxyz",
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
        settings=settings(
            "search.structures", *leaves(Batches, Starts, Engine, Relaxation, Symmetry, Trust), "substance", "seed"
        ),
        packages=packages(*MODELS, "ase", "ase-ga", "pyxtal", "spglib"),
    message:
        "Searching structures at {wildcards.pressure} GPa, {wildcards.units} formula units"
    shell:
        program(
            "search_structures",
            "{input.models} --melts {input.melts} --bounds {input.bounds} --pressure={wildcards.pressure} "
            "--formula-units {wildcards.units} --table {output.table} --structures {output.structures} "
            "--insane {output.insane} --workers {threads}",
        )


rule search_unique:
    input:
        models=PATHS.released("hp"),
        bounds=f"{RESULTS}/search/p{{pressure}}/bounds.json",
        tables=collect(f"{RESULTS}/search/p{{{{pressure}}}}/{{part}}/structures.csv", part=SEARCHES),
        structures=collect(f"{RESULTS}/search/p{{{{pressure}}}}/{{part}}/structures.extxyz", part=SEARCHES),
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
        models=repeated("--model", PATHS.released("hp")),
        settings=settings(*leaves(Batches, Starts, Relaxation, Symmetry, Trust, Unique), "substance", "seed"),
        packages=packages(*MODELS, "ase", "pymatgen-core", "spglib"),
    message:
        "Unique structures at {wildcards.pressure} GPa"
    shell:
        program(
            "search_unique",
            "{input.tables} {params.models} --bounds {input.bounds} "
            "--pressure={wildcards.pressure} --table {output.table} --structures {output.structures} "
            "--workers {threads}",
        )


rule search_found:
    input:
        models=PATHS.released("hp"),
        tables=collect(f"{RESULTS}/search/p{{pressure}}/unique.csv", pressure=PATHS.searched),
        structures=collect(f"{RESULTS}/search/p{{pressure}}/unique.extxyz", pressure=PATHS.searched),
        sampled=collect(f"{RESULTS}/search/p{{pressure}}/sampled.csv", pressure=PATHS.searched),
        insane=collect(f"{RESULTS}/search/p{{pressure}}/sampled.extxyz", pressure=PATHS.searched),
        labels=collect(f"{RESULTS}/label/found-p{{pressure}}/labels.extxyz", pressure=PATHS.searched),
        statuses=collect(f"{RESULTS}/label/found-p{{pressure}}/labels.csv", pressure=PATHS.searched),
    output:
        table=f"{RESULTS}/search/found.csv",
    log:
        log("search_found"),
    benchmark:
        cost("search_found")
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        *code("search_found"),
        models=repeated("--model", PATHS.released("hp")),
        sampled=repeated("--insane", [f"{RESULTS}/search/p{pressure}/sampled.csv" for pressure in PATHS.searched]),
        labels=repeated("--labels", [f"{RESULTS}/label/found-p{pressure}/labels.extxyz" for pressure in PATHS.searched]),
        packages=packages(*MODELS),
    message:
        "Joining the found structures with their reference energies"
    shell:
        program(
            "search_found",
            "{input.tables} {params.sampled} {params.labels} {params.models} --out {output.table}",
            settings=False,
        )


# Where search.found names labelled structures of an earlier search: they are evaluated with HP as they are.
if PATHS.found_earlier:

    ruleorder: search_given > search_unique

else:

    ruleorder: search_unique > search_given


rule search_given:
    input:
        models=PATHS.released("hp"),
        found=PATHS.found_earlier or [],
    output:
        table=f"{RESULTS}/search/p{{pressure}}/unique.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/unique.extxyz",
        relaxed=f"{RESULTS}/search/p{{pressure}}/relaxed.csv",
    log:
        log("search_given", "p{pressure}"),
    benchmark:
        cost("search_given", "p{pressure}")
    resources:
        mem_mb=memory(2000),
        runtime=240,
    params:
        *code("search_given"),
        settings=settings(*leaves(Relaxation, Symmetry), "substance"),
        packages=packages(*MODELS, "ase", "pymatgen-core", "spglib"),
    message:
        "Structures found earlier at {wildcards.pressure} GPa, with HP"
    shell:
        program(
            "search_given",
            "{input.models} --found {input.found} --pressure={wildcards.pressure} --table {output.table} "
            "--structures {output.structures} --relaxed {output.relaxed}",
        )
