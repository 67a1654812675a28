"""Trend alerts: after each collection every line is looked at, and what changed is kept for the review."""
