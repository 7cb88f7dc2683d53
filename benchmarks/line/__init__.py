"""The whole line as it ships: every stage, intake and the ticker, on real ground."""
