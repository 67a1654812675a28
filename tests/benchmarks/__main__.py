"""`python -m tests.benchmarks [PART …]`: builds the big store once in .bench/, then measures."""

from __future__ import annotations

import sys

from tests.benchmarks import batches, cloudwatch, delivery, prometheus, reviews, store, trends, ui

PARTS = {
    "store": store.main,
    "ui": ui.main,
    "cloudwatch": cloudwatch.main,
    "prometheus": prometheus.main,
    "delivery": delivery.main,
    "batches": batches.main,
    "trends": trends.main,
    "reviews": reviews.main,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
