"""Suspects of a trouble: endpoints, batch runs, deployments, faults, limits and the use as a whole, each in its file."""
