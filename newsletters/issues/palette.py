"""The colours of a letter by day and by night, and how well each text stands out from what is behind it."""

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "page": "#eef3f1",
    "card": "#ffffff",
    "text": "#1c2b27",
    "muted": "#4a5c56",
    "accent": "#0b5d4e",
    "band": "#0b5d4e",
    "on_band": "#ffffff",
    "on_band_muted": "#d3e8e1",
    "line": "#cfdcd7",
    "soft": "#f1f7f4",
    "mark": "#fdf0cf",
    "on_mark": "#5c4400",
}
DARK: Mapping[str, str] = {
    "page": "#0e1513",
    "card": "#17211e",
    "text": "#e6efec",
    "muted": "#a9bbb5",
    "accent": "#7fd3bf",
    "band": "#0f3d34",
    "on_band": "#ffffff",
    "on_band_muted": "#c3ded6",
    "line": "#33443f",
    "soft": "#1d2b27",
    "mark": "#4a3a10",
    "on_mark": "#ffe6a6",
}
PAIRS = (
    *(("text", behind) for behind in ("page", "card", "soft")),
    *(("muted", behind) for behind in ("page", "card", "soft")),
    *(("accent", behind) for behind in ("page", "card", "soft")),
    ("on_band", "band"),
    ("on_band_muted", "band"),
    ("on_mark", "mark"),
)
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (`#rrggbb`), from 1 to 21: WCAG 2.2's definition of the contrast ratio."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def too_pale(palette: Mapping[str, str]) -> list[tuple[str, str, float]]:
    """The pairs of text and ground that are hard to read, with their contrast."""
    found = ((text, ground, contrast(palette[text], palette[ground])) for text, ground in PAIRS)
    return [(text, ground, ratio) for text, ground, ratio in found if ratio < LEAST_CONTRAST]
