"""The sections of the agenda: one file each, whose `topics(setting)` answers what there is to talk about."""
