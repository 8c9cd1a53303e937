#!/usr/bin/env python3
"""PATH TEXT: writes the text into the file, and says so. The well behaved one."""

import sys
from pathlib import Path

path = Path(sys.argv[1])
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(sys.argv[2])
print(f"wrote {path}")
