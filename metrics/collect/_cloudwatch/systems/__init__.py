"""The systems that CloudWatch measures: for each, its table of metrics and how its inventory is found."""
