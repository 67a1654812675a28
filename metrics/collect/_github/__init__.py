"""The parts of the source `github`: how the API is spoken to, what a run remembers, and what each list means."""
