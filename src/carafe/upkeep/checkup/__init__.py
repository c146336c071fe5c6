"""The checkup of a home: one check a file, each of which yields what it found.

Checks look through the interfaces of stores, so they hold for all of them; what only a file's database or a folder can
be asked is passed over elsewhere, and said to be.
"""

from carafe.upkeep.checkup.examine import examine
from carafe.upkeep.checkup.finding import Depth, Finding, Order, State

__all__ = ["Depth", "Finding", "Order", "State", "examine"]
