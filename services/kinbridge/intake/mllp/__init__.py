"""MLLP: trusts send HL7 v2 to us, and hear that it is safe once Kafka has acknowledged."""
