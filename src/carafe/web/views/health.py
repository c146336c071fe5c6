"""Whether this process runs, whether it can answer, and which Carafe it is."""

from __future__ import annotations

from carafe._version import __version__
from carafe.access import Permission, check
from carafe.errors import CarafeError
from carafe.serving import Fault
from carafe.web.call import Call, Reply, document
from carafe.web.documents import FaultDocument, Liveness, ReadinessDocument, VersionInfo
from carafe.web.route import Context

DRAINING = "draining"
"""The status of a server that is about to end: it answers what comes, and asks that nothing more be sent."""


def live(context: Context) -> Reply:
    """Tell that the process runs."""
    del context
    return document(Liveness())


def ready(context: Context) -> Reply:
    """Tell whether requests should be sent here; name models only to those who may see them."""
    if context.service.drain.begun:
        return document(ReadinessDocument(status=DRAINING, faults=[]), status=503)
    readiness = context.service.catalog.readiness()
    may_see = _may_see(context)
    faults = [_fault(fault, may_see=may_see) for fault in readiness.faults]
    if readiness.registry is not None:
        faults.append(FaultDocument(problem=readiness.registry.slug, title=readiness.registry.title))
    report = ReadinessDocument(status=readiness.state, faults=faults)
    return document(report, status=200 if readiness.answers else 503)


def version(context: Context) -> Reply:
    """Tell which Carafe this is."""
    del context
    return document(VersionInfo(version=__version__))


def _may_see(context: Context) -> bool:
    call: Call = context.call
    try:
        check(context.service.gate.identify(call), Permission.READ)
    except CarafeError:
        return False
    return True


def _fault(fault: Fault, *, may_see: bool) -> FaultDocument:
    slug, title = fault.error.slug, fault.error.title
    if not may_see:
        return FaultDocument(problem=slug, title=title)
    return FaultDocument(
        problem=slug, title=title, model=str(fault.ref), wanted=fault.wanted, answering=fault.answering
    )
