"""What the line is measured by: each figure beside its goal and a floor of the same run."""

import warnings

# PostgreSQL's package asks for a folder that only a desktop session has.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
