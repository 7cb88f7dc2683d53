"""FHIR subscriptions as a client: being told, noticing what was not told, and asking for it."""
