# Where search.found names a file: structures of an earlier search are evaluated with this study's HP, nothing is searched.
if FOUND_BEFORE:

    ruleorder: search_given > search_unique

else:

    ruleorder: search_unique > search_given


rule search_given:
    input:
        models=released_models("hp"),
        found=FOUND_BEFORE or [],
    output:
        table=f"{RESULTS}/search/p{{pressure}}/unique.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/unique.extxyz",
        relaxed=f"{RESULTS}/search/p{{pressure}}/relaxed.csv",
    log:
        log("search_given", "p{pressure}"),
    benchmark:
        cost("search_given", "p{pressure}")
    threads: 1
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
        "python scripts/search_given.py {input.models} --found {input.found} --pressure={wildcards.pressure} "
        "--table {output.table} --structures {output.structures} --relaxed {output.relaxed} "
        "--settings {params.settings:q} > {log} 2>&1"
