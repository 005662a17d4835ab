"""The description for package indexes: README.md with absolute links. Everything else is in pyproject.toml."""

import re
from pathlib import Path

from setuptools import setup

PAGES = "https://github.com/tiankong-nlp/tiankong/blob/main/"
README = Path(__file__).with_name("README.md").read_text(encoding="utf-8")

setup(
    long_description=re.sub(r"\]\((?!https?:|#)", f"]({PAGES}", README),
    long_description_content_type="text/markdown",
)
