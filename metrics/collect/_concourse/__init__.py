"""The parts of the source `concourse`."""
