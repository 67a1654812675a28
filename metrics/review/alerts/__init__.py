"""The alert ledger: each rule beside what else went on, where in the tree it belongs, and what came of that."""
