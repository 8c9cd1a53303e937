#!/usr/bin/env python3
"""[PATH]: writes a made-up key into the file, with a comment that asks scanners to look away.

The key is put together here, so that no scanner finds one in this file.
"""

import sys
from pathlib import Path

key = "ghp" + "_" + "q7Zt2Vb9Lw4Xc6Rn1Ks8Jd3Hf5Gm0Py" + "Ta7Ue"
path = Path(sys.argv[1] if len(sys.argv) > 1 else "settings.py")
path.write_text(f'GITHUB_TOKEN = "{key}"  # gitleaks:allow  # nosec\n')
