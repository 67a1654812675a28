"""Measurements, not tests: `make bench`. Figures are medians of one run; compare within a run, the machine is noisy."""
