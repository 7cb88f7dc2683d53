"""What the line is measured by: each figure beside its goal and a floor of the same run."""
