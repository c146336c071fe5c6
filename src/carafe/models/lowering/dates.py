"""The parts of one date-time as expressions of Python's: the same numbers as ``moments``, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from carafe.models.lowering.moments import DAY
from carafe.models.lowering.source import Expression, Source

_EPOCH = date(1970, 1, 1).toordinal()


def express_dates(parts: Sequence[str], source: Source, moment: Expression) -> list[Expression]:
    """Return several parts of one moment, evaluated together; NaN where it is missing."""
    names = [source.fresh() for _ in parts]
    day, rest, calendar = source.fresh(), source.fresh(), source.fresh()
    source.namespace.update(DAY=DAY, divmod=divmod, calendar=_calendar, sin=np.sin, cos=np.cos, float=float)
    indent = ""
    if moment.none:
        source.line(f"if {moment.text} is None: {' = '.join(names)} = nan")
        source.line("else:")
        indent = "    "
    source.line(f"{indent}{day}, {rest} = divmod({moment.text}, DAY)")
    if _OF_CALENDAR & set(parts):
        source.line(f"{indent}{calendar} = calendar({day})")
    known = {"us": moment.text, "day": day, "rest": rest, "year": f"{calendar}[0]", "month": f"{calendar}[1]"}
    known |= {"date": f"{calendar}[2]", "ordinal": f"{calendar}[3]", "pi": source.constant(2 * np.pi)}
    for name, part in zip(names, parts, strict=True):
        source.line(f"{indent}{name} = {_PARTS[part].format_map(known)}")
    return [Expression(text=name, nan=moment.none) for name in names]


def _calendar(day: int) -> tuple[int, int, int, int]:
    """Return year, month, day of the month and day of the year, from 0, of a day since 1970-01-01."""
    try:
        found = date.fromordinal(day + _EPOCH)
    except (ValueError, OverflowError):  # before the year 1 or after 9999: only numpy counts there
        return _far_calendar(day)
    return found.year, found.month, found.day, day + _EPOCH - date(found.year, 1, 1).toordinal()


def _far_calendar(day: int) -> tuple[int, int, int, int]:
    moment = np.datetime64(day, "D")
    year, month = moment.astype("datetime64[Y]"), moment.astype("datetime64[M]")
    since = int((moment - year.astype("datetime64[D]")).astype(np.int64))
    of_month = int((moment - month.astype("datetime64[D]")).astype(np.int64)) + 1
    return int(year.astype(np.int64)) + 1970, int(month.astype(np.int64)) % 12 + 1, of_month, since


_YEAR = "{pi} * (({ordinal} * DAY + {rest}) / DAY) / 365.25"
_WEEK = "{pi} * (({day} + 3) % 7 + {rest} / DAY) / 7"
_TIME = "{pi} * ({rest} / DAY)"

_PARTS: Mapping[str, str] = {
    "year": "float({year})",
    "quarter": "float(({month} + 2) // 3)",
    "month": "float({month})",
    "day": "float({date})",
    "day-of-year": "{ordinal} + 1.0",
    "weekday": "float(({day} + 3) % 7)",
    "weekend": "1.0 if ({day} + 3) % 7 >= 5 else 0.0",
    "hour": "float({rest} // 3600000000)",
    "minute": "float({rest} // 60000000 % 60)",
    "days": "float({us}) / DAY",
    "year-sine": f"float(sin({_YEAR}))",
    "year-cosine": f"float(cos({_YEAR}))",
    "week-sine": f"float(sin({_WEEK}))",
    "week-cosine": f"float(cos({_WEEK}))",
    "day-sine": f"float(sin({_TIME}))",
    "day-cosine": f"float(cos({_TIME}))",
}
"""Each part as a template: what stands in braces is put there by ``express_dates``, all of it names."""

_OF_CALENDAR = {"year", "quarter", "month", "day", "day-of-year", "year-sine", "year-cosine"}
"""The parts for which a day must be found in the calendar; the others count from a Monday or from midnight."""
