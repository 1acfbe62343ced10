"""Names that others chose, in scripts of HTML pages that libraries write."""

import re

# what Snakemake 9.27.1 pastes into its report, a line each
PASTED = re.compile(
    r"^ *var (?:workflow_desc|results|categories|rulegraph_spec|runtimes_spec|timeline_spec|rules|packages|metadata) = "
    r".*;$",
    re.MULTILINE,
)


def without_ends_of_scripts(report: str) -> str:
    """Snakemake's report, whose scripts hold results as JSON: ``</script>`` in a name would end one and begin another.

    In JSON, ``<`` stands in texts alone, and may be escaped there.
    """
    return PASTED.sub(lambda found: found[0].replace("<", r"\u003c"), report)
