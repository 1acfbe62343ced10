# Figures of the search: the best structures, how fast it got there, enthalpy against volume.


rule figures_gallery:
    input:
        tables=PATHS.searches("unique.csv"),
        structures=PATHS.searches("unique.extxyz"),
        names=f"{RESULTS}/search/names.csv",
    output:
        pdf=PATHS.figure("figures_gallery", "pdf"),
        png=picture("figures_gallery"),
    log:
        log("figures_gallery"),
    benchmark:
        cost("figures_gallery")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_gallery"),
        settings=style("substance", pressures_GPa=PATHS.searched, polymorphs=polymorph_table(STUDY, "title")),
        packages=packages("matplotlib", "spglib"),
    message:
        "Drawing the best structures found"
    shell:
        program("figures_gallery", "{input.tables} --names {input.names} --pdf {output.pdf} --png {output.png}")


rule figures_convergence:
    input:
        tables=PATHS.every_relaxation,
        known=f"{RESULTS}/search/known.csv",
    output:
        pdf=PATHS.figure("figures_convergence", "pdf"),
        png=picture("figures_convergence"),
    log:
        log("figures_convergence"),
    benchmark:
        cost("figures_convergence")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_convergence"),
        settings=style(polymorphs=polymorph_table(STUDY, "title")),
        packages=packages("matplotlib"),
    message:
        "Drawing the convergence of the search"
    shell:
        program("figures_convergence", "{input.tables} --known {input.known} --pdf {output.pdf} --png {output.png}")


rule figures_landscape:
    input:
        tables=PATHS.searches("unique.csv"),
        structures=PATHS.searches("unique.extxyz"),
        known=f"{RESULTS}/search/known.csv",
    output:
        pdf=PATHS.figure("figures_landscape", "pdf"),
        png=picture("figures_landscape"),
    log:
        log("figures_landscape"),
    benchmark:
        cost("figures_landscape")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_landscape"),
        settings=style(pressures_GPa=PATHS.searched, polymorphs=polymorph_table(STUDY, "title")),
        packages=packages("matplotlib"),
    message:
        "Drawing enthalpy against volume"
    shell:
        program("figures_landscape", "{input.tables} --known {input.known} --pdf {output.pdf} --png {output.png}")
