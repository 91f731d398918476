"""The interfaces of clouds, as registries, targets and metrics need them; each is imported where it is used."""
