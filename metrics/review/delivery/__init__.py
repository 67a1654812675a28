"""Delivery: DORA's five figures and what lies beneath them, with honest small numbers.

Pure: frames from store.deliveries, the services and people's verdicts come in; frozen values go out. docs/metrics.md
defines each figure; DEFINITION counts its revisions, so that a break in a series can be drawn where one changed.
"""

DEFINITION = 1
