stands for a frozen model where jobs are only planned
