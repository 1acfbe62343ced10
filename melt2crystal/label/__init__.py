"""Labels: the store in which each is paid for once, exchange with other machines, their report."""
