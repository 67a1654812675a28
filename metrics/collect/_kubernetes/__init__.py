"""The parts of the source `kubernetes`."""
