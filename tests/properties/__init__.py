"""Random options. `make properties` draws others each time, and twenty times as many."""

import os

TIMES = int(os.environ.get("PROPERTY_TIMES", "1"))
ALWAYS_THE_SAME = TIMES == 1
