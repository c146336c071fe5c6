"""The house of the rule models as an application for a server in a process of its own; its keys go into a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

from flask import Flask

from served import publish_rule
from web.conftest import MODELS, build_house


def create() -> Flask:
    """Return the application with the fast lane around it."""
    house = build_house()
    for name in MODELS:
        publish_rule(house.service.registry, name, name)
    Path(os.environ["STANDING_KEYS"]).write_text(json.dumps(house.keys), encoding="utf-8")
    return house.fast
