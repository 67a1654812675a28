"""Suspects of a trouble: endpoints, batch runs, deployments, faults, limits and all of the use, each in its file."""
