"""The shared language of Kinbridge: contracts, identifiers, envelope, codec. Pure.

Everybody imports this package and it imports nobody. Time, ids and secrets are arguments.
"""
