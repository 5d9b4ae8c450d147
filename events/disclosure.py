"""Small numbers in figures: which cells of a table are withheld so that nobody can be recognised in them.

The rules of statistical offices for tables of counts (Hundepool et al., Handbook on Statistical Disclosure Control, 2010):
a *minimum frequency*, and *secondary suppression*, so that what is withheld cannot be worked out from the total. A cell
of nobody is shown. Nothing here guards against somebody who compares the figures of two periods.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def shown_number(number: int, threshold: int) -> int | None:
    """A count that stands alone; None where it is small."""
    return None if 0 < number < threshold else number


def shown_table(cells: Mapping[Key, int], threshold: int) -> dict[Key, int | None]:
    """The cells of a table whose total is known; None for those that are withheld.

    Beside a small cell others are withheld, the smallest first, until there are two, they have `threshold` together, and
    more than one each: a reader knows their sum, and that nobody is in none of them. Where the table has not that many, and
    where even the total is small, every cell is withheld, the empty ones too.
    """
    by_size = sorted((key for key, number in cells.items() if number), key=lambda key: cells[key])
    withheld = [key for key in by_size if cells[key] < threshold]
    if not withheld:
        return dict(cells)
    for key in by_size[len(withheld) :]:
        if _are_hidden([cells[one] for one in withheld], threshold):
            break
        withheld.append(key)
    if not _are_hidden([cells[one] for one in withheld], threshold):
        return dict.fromkeys(cells, None)
    return {key: None if key in withheld else number for key, number in cells.items()}


def _are_hidden(numbers: Sequence[int], threshold: int) -> bool:
    return len(numbers) > 1 and sum(numbers) >= threshold and sum(numbers) > len(numbers)
