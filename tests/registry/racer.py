"""One of several processes that open the same home at once and publish into it; prints what it got.

python racer.py HOME VERSIONS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from carafe.access import ensure_administrator_key, open_keys
from carafe.registry import open_registry
from carafe.settings import Settings


def main(home: Path, count: int) -> None:
    """Open the home when told to on standard input, publish, and print numbers and key."""
    from sealed import publish  # noqa: PLC0415 - found beside this folder, put on the path below

    settings = Settings(home=home)
    sys.stdin.readline()
    keys, registry = open_keys(settings), open_registry(settings)
    text = ensure_administrator_key(keys)
    numbers = [publish(registry).number for _ in range(count)]
    keys.close()
    registry.close()
    sys.stdout.write(json.dumps({"key": text, "numbers": numbers, "secret": registry.key.hex()}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    main(Path(sys.argv[1]), int(sys.argv[2]))
