"""Whether what published versions need to answer is installed here."""

from __future__ import annotations

from importlib.util import find_spec

from carafe.errors import MissingExtra
from carafe.models.manifest import NATIVE, Manifest
from carafe.registry import Registry
from carafe.upkeep.checkup.finding import Finding, Findings, State, counted

CHECK = "libraries"


def check_extras(registry: Registry) -> Findings:
    """Find versions that can't answer here because a library is missing, without loading them."""
    missing: dict[str, list[str]] = {}
    for version in registry.every_version():
        for library in _needs(version.manifest):
            if find_spec(library) is None:
                missing.setdefault(library, []).append(str(version))
    for library, names in sorted(missing.items()):
        extra = MissingExtra.EXTRAS[library]
        need = counted(len(names), "version needs", "versions need")
        yield Finding(
            check=CHECK,
            state=State.WARNING,
            says=f"{library} is not installed, and {need} it to answer: {', '.join(names[:3])}",
            advice=f"pip install 'carafe-serve[{extra}]', where these are to be served",
        )
    if not missing:
        yield Finding(check=CHECK, state=State.OK, says="what the versions need to answer is installed")


def _needs(manifest: Manifest) -> tuple[str, ...]:
    """Return the optional libraries by which a version answers; a lowered one needs none."""
    if manifest.runs_as != NATIVE:
        return ()
    trained_with = dict(manifest.provenance.libraries)
    return ("sklearn", "skops", *(name for name in ("lightgbm", "pandas") if name in trained_with))
