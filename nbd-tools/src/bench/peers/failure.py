"""How a measurement that can't go on ends."""

import sys


def fail(message):
    sys.exit(f"compare: {message}")
