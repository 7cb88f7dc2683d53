"""Intake: the door. It reads the envelope only, and answers once Kafka has acknowledged."""
