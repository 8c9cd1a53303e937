#!/usr/bin/env python3
"""[ONCE_FILE]: kills the process that started it, by SIGKILL; with a file, the first time only.

When it kills no longer, it writes `survived.txt`.
"""

import os
import signal
import sys
from pathlib import Path

once = Path(sys.argv[1]) if len(sys.argv) > 1 else None
if once is None or not once.exists():
    if once is not None:
        once.write_text("killed\n")
    os.kill(os.getppid(), signal.SIGKILL)
else:
    Path("survived.txt").write_text("there is a runner again\n")
