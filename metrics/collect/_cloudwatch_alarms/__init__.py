"""The parts of the source `cloudwatch_alarms`."""
