"""The parts of the spike score: what is looked at, how rare it is, and which of it is news."""
