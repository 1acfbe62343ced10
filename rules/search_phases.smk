# Which structures get a reference energy. What the structures found are: names, bonds, dynamical stability, and enthalpies of found and known phases over pressure.
# Known crystals come in here, when nothing is searched any more.
from melt2crystal.sections.phases.enthalpy_curves import Ladder, leaves as ladder_leaves
from melt2crystal.sections.search import Sample

LIBRARY = certificate_library() if STUDY.search.enabled else []
UNIQUE = dict(tables=PATHS.searches("unique.csv"), structures=PATHS.searches("unique.extxyz"))
FOLLOWED = STUDY.reference_follows_phases


rule search_request:
    input:
        table=f"{RESULTS}/search/p{{pressure}}/unique.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/unique.extxyz",
        insane=collect(
            f"{RESULTS}/search/p{{{{pressure}}}}/z{{units}}/insane.extxyz",
            units=EMBEDDED,
        ),
    output:
        requested=f"{RESULTS}/label/found-p{{pressure}}/requested.extxyz",
        sampled=f"{RESULTS}/search/p{{pressure}}/sampled.csv",
        structures=f"{RESULTS}/search/p{{pressure}}/sampled.extxyz",
    log:
        log("search_request", "p{pressure}"),
    benchmark:
        cost("search_request", "p{pressure}")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("search_request"),
        settings=settings(*leaves(Sample), "substance"),
    message:
        "Choosing found structures to label at {wildcards.pressure} GPa"
    shell:
        program(
            "search_request",
            "{input.insane} --table {input.table} --structures {input.structures} --pressure={wildcards.pressure} "
            "--out {output.requested} --sampled {output.sampled} --sampled-structures {output.structures}",
        )


rule search_names:
    input:
        **UNIQUE,
        models=PATHS.released("hp"),
        library=LIBRARY,
    output:
        known=f"{RESULTS}/search/known.csv",
        library=f"{RESULTS}/search/known.extxyz",
        names=f"{RESULTS}/search/names.csv",
    log:
        log("search_names"),
    benchmark:
        cost("search_names")
    resources:
        mem_mb=memory(2000),
        runtime=240,
    params:
        *code("search_names"),
        models=repeated("--model", PATHS.released("hp")),
        library=repeated("--crystal", LIBRARY),
        settings=settings(*leaves(Relaxation, Symmetry), "search.minima_rattle_A", "search.names", "substance", "seed"),
        packages=packages(*MODELS, "ase", "matscipy", "pymatgen-core", "spglib"),
    message:
        "Naming the structures found"
    shell:
        program(
            "search_names",
            "{input.tables} {params.models} {params.library} --known {output.known} --library {output.library} "
            "--out {output.names}",
        )


rule search_stability:
    input:
        **UNIQUE,
        models=PATHS.released("hp"),
        library=f"{RESULTS}/search/known.extxyz",
    output:
        table=f"{RESULTS}/search/stability.csv",
        ends=f"{RESULTS}/search/stability.extxyz",
    log:
        log("search_stability"),
    benchmark:
        cost("search_stability")
    resources:
        mem_mb=memory(2000),
        runtime=240,
    params:
        *code("search_stability"),
        models=repeated("--model", PATHS.released("hp")),
        settings=settings(*leaves(Relaxation, Symmetry), "search.names", "search.stability", "substance"),
        packages=packages(*MODELS, "ase", "phonopy", "pymatgen-core", "spglib"),
    message:
        "Dynamical stability of the lowest structures found"
    shell:
        program(
            "search_stability",
            "{input.tables} {params.models} --library {input.library} --out {output.table} --ends {output.ends}",
        )


rule search_enthalpies:
    input:
        **UNIQUE,
        names=f"{RESULTS}/search/names.csv",
        models=lambda wildcards: PATHS.released("hp") if wildcards.potential == "hp" else [],
        files=lambda wildcards: PATHS.reference_files if wildcards.potential == "reference" else [],
        library=LIBRARY,
    output:
        table=f"{RESULTS}/search/enthalpies/{{potential}}.csv",
    log:
        log("search_enthalpies", "{potential}"),
    benchmark:
        cost("search_enthalpies", "{potential}")
    wildcard_constraints:
        potential="hp|reference",
    threads: RANKS if FOLLOWED else 1
    resources:
        **relaxing(FOLLOWED),
        runtime=720,
    params:
        *code("search_enthalpies"),
        models=lambda wildcards: repeated("--model", PATHS.released("hp") if wildcards.potential == "hp" else []),
        library=repeated("--crystal", LIBRARY),
        settings=lambda wildcards: settings(
            *ladder_leaves(Ladder),
            *leaves(Symmetry),
            "search.names",
            "substance",
            *(leaves(Relaxation) if wildcards.potential == "hp" else ["reference"]),
        ),
        packages=lambda wildcards: packages(*MODELS, "ase", "spglib") if wildcards.potential == "hp" else "",
        places=places,
    message:
        "Enthalpies over pressure with {wildcards.potential}"
    shell:
        program(
            "search_enthalpies",
            "{input.tables} {params.models} {params.library} --names {input.names} --potential {wildcards.potential} "
            "--out {output.table} --places {params.places}",
        )


rule search_transitions:
    input:
        tables=PATHS.enthalpies,
    output:
        table=f"{RESULTS}/search/transitions.csv",
    log:
        log("search_transitions"),
    benchmark:
        cost("search_transitions")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("search_transitions"),
    message:
        "Transition pressures"
    shell:
        program("search_transitions", "{input.tables} --out {output.table}", settings=False)
