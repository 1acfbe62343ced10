"""One module a command of ``melt2crystal <command>``: what a person asks of a study."""
