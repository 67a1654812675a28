"""What the source `datadog` consists of."""
