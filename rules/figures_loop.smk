# Figures of the active-learning loop: selection, audit, learning curves.


rule figures_selection:
    input:
        tables=selection_tables,
    output:
        pdf=PATHS.figure("figures_selection", "pdf"),
        png=picture("figures_selection"),
    log:
        log("figures_selection"),
    benchmark:
        cost("figures_selection")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_selection"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Drawing the selection"
    shell:
        program("figures_selection", "{input.tables} --pdf {output.pdf} --png {output.png}")


rule figures_audit:
    input:
        errors=lambda wildcards: PATHS.audits(iterations_done(), "errors.csv"),
        audits=lambda wildcards: PATHS.audits(iterations_done(), "audit.json"),
    output:
        pdf=PATHS.figure("figures_audit", "pdf"),
        png=picture("figures_audit"),
    log:
        log("figures_audit"),
    benchmark:
        cost("figures_audit")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_audit"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Drawing deviations against true errors"
    shell:
        program("figures_audit", "{input.errors} --pdf {output.pdf} --png {output.png}")


rule figures_learning:
    input:
        curves=lambda wildcards: PATHS.learning_curves(iterations_done()),
    output:
        pdf=PATHS.figure("figures_learning", "pdf"),
        png=picture("figures_learning"),
    log:
        log("figures_learning"),
    benchmark:
        cost("figures_learning")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_learning"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Drawing the learning curves"
    shell:
        program("figures_learning", "{input.curves} --pdf {output.pdf} --png {output.png}")
