# Figures of the active-learning loop; they wait for its last decision.


rule figure_selection:
    input:
        tables=selection_tables,
    output:
        pdf=f"{RESULTS}/figures/{FILE_OF['figure_selection']}.pdf",
        png=picture("figure_selection"),
    log:
        log("figure_selection"),
    benchmark:
        cost("figure_selection")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figure_selection"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Drawing the selection"
    shell:
        "python scripts/figure_selection.py {input.tables} --pdf {output.pdf} --png {output.png} "
        "--settings {params.settings:q} > {log} 2>&1"


rule figure_learning:
    input:
        curves=learning_curves,
    output:
        pdf=f"{RESULTS}/figures/{FILE_OF['figure_learning']}.pdf",
        png=picture("figure_learning"),
    log:
        log("figure_learning"),
    benchmark:
        cost("figure_learning")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figure_learning"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Drawing the learning curves"
    shell:
        "python scripts/figure_learning.py {input.curves} --pdf {output.pdf} --png {output.png} "
        "--settings {params.settings:q} > {log} 2>&1"
