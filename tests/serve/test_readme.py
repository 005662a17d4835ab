"""The curl examples in both READMEs and the service's documentation run as written."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"(?m)^    (curl (?:.*\\\n)*.*)")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "docs/service.md"])
def test_curl_examples(page, server):
    examples = EXAMPLE.findall((ROOT / page).read_text(encoding="utf-8"))
    assert examples
    for example in examples:
        command = example.replace("http://127.0.0.1:8000", server.url)
        result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, timeout=60)
        assert [answer["sequence"] for answer in json.loads(result.stdout)]
