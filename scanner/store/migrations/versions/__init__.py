"""The schemas, in order: 0001 runs and parts, 0002 sightings."""
