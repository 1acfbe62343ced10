# Figures: drawn from tables alone, so that a new style recomputes nothing else.


rule figures:
    input:
        PATHS.figures(),
    localrule: True


rule figures_parity:
    input:
        heldout=[f"{RESULTS}/train/{name}/heldout.npz" for name in reversed(STUDY.potentials)],
    output:
        pdf=PATHS.figure("figures_parity", "pdf"),
        png=picture("figures_parity"),
    log:
        log("figures_parity"),
    benchmark:
        cost("figures_parity")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_parity"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Drawing figure 1: parity on held-out melt"
    shell:
        program("figures_parity", "{input.heldout} --pdf {output.pdf} --png {output.png}")


rule figures_found_energies:
    input:
        found=f"{RESULTS}/search/found.csv",
    output:
        pdf=PATHS.figure("figures_found_energies", "pdf"),
        png=picture("figures_found_energies"),
    log:
        log("figures_found_energies"),
    benchmark:
        cost("figures_found_energies")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_found_energies"),
        settings=style("search.stable_window_eV_per_atom", "search.tight_window_eV_per_atom"),
        packages=packages("matplotlib"),
    message:
        "Drawing figure 3: found structures"
    shell:
        program("figures_found_energies", "--found {input.found} --pdf {output.pdf} --png {output.png}")


rule figures_enthalpies:
    input:
        tables=PATHS.enthalpies,
    output:
        pdf=PATHS.figure("figures_enthalpies", "pdf"),
        png=picture("figures_enthalpies"),
    log:
        log("figures_enthalpies"),
    benchmark:
        cost("figures_enthalpies")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_enthalpies"),
        settings=style("search.enthalpy_curves.relative_to", polymorphs=polymorph_table(STUDY, "title")),
        packages=packages("matplotlib"),
    message:
        "Drawing enthalpies over pressure"
    shell:
        program("figures_enthalpies", "{input.tables} --pdf {output.pdf} --png {output.png}")


rule figures_found_crystals:
    input:
        structures=PATHS.searches("unique.extxyz"),
        tables=PATHS.searches("unique.csv"),
        crystals=f"{RESULTS}/benchmark/structures.extxyz",
        fits=PATHS.energy_volume[2:],
        library=certificate_library(),
    output:
        pdf=PATHS.figure("figures_found_crystals", "pdf"),
        png=picture("figures_found_crystals"),
    log:
        log("figures_found_crystals"),
    benchmark:
        cost("figures_found_crystals")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_found_crystals"),
        settings=style("substance", "benchmark.energy_volume.structures", polymorphs=polymorph_table(STUDY, "title")),
        fits=["--fits"] if PATHS.energy_volume else [],
        library=repeated("--library", certificate_library()),
        packages=packages("matplotlib", "pymatgen-core", "spglib"),
    message:
        "Drawing figure 4: found crystals"
    shell:
        program(
            "figures_found_crystals",
            "{input.structures} --crystals {input.crystals} {params.fits} {input.fits} {params.library} "
            "--pdf {output.pdf} --png {output.png}",
        )
