#!/usr/bin/env python3
"""PATH TEXT CHECKOUT OTHER_TEXT: writes the file, while a person commits another text for it in their checkout."""

import subprocess
import sys
from pathlib import Path

path, text, checkout, other = sys.argv[1:5]
Path(path).write_text(text)
(Path(checkout) / path).write_text(other)
subprocess.run(["git", "add", "--", path], cwd=checkout, check=True)
who = ["-c", "user.name=Person", "-c", "user.email=person@example.invalid"]
message = "meanwhile"
subprocess.run(["git", *who, "commit", "--quiet", "--no-verify", "-m", message], cwd=checkout, check=True)
