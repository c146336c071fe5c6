"""How Sphinx builds the documentation."""

from __future__ import annotations

import sys
from pathlib import Path

from carafe import __version__

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "Carafe"
author = "The Carafe team"
copyright = "2026, The Carafe team"  # noqa: A001 - the name Sphinx reads
version = release = __version__

extensions = ["carafe_reference", "myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
nitpicky = False

html_theme = "furo"
html_title = f"Carafe {__version__}"
