"""Labels: the store in which each is computed once, exchange with other machines, their report."""
