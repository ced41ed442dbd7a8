"""The pictures of a report, as SVG whose text stays text. The same facts give the same bytes."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nexus_reimport.model.counts import PUBLISHED, REJECTED, WORDS
from nexus_reimport.model.words import duration, listed, number, stage_of, step_words, table_words
from nexus_reimport.present.report.facts import ReportFacts, StepFacts, TableFacts
from nexus_reimport.present.report.svg import inline

# Points; a picture is as wide as the page's text.
WIDTH, _TEXT, SMALL = 640, 10, 9
INK, FAINT, LINE = "#010101", "#020202", "#030303"
NEW, CHANGED, SAME, _REFUSED, ACCENT = "#040404", "#050505", "#060606", "#070707", "#080808"
# Of each part of what was read.
_INKS = {"inserted": NEW, "updated": CHANGED, "unchanged": SAME}

# Fixed, so that the ids in a picture do not differ from run to run.
_SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "nexus-reimport", "font.family": "sans-serif"}
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}

_READ_X, _BAND_X, _BAND_END, _BLOCK = 118, 124, 470, 6
_LANE, _SLOT, _THINNEST, _GAP = 30, 15, 2.2, 13
_BAR_X, _BAR_LINE, _BAR_THICK, _STEPS_SHOWN = 185, 18, 10, 14


@dataclass(frozen=True)
class Band:
    """One part of a table's rows: what became of them, how many, and the ink it is drawn in."""

    what: str
    rows: int
    ink: str


def flow_picture(facts: ReportFacts) -> str:
    """Return the flow of rows from the source to Nexus, a lane a table; empty where no row was read."""
    lanes = [(table, bands_of(table)) for table in facts.tables if table.read]
    if not lanes:
        return ""
    tops, height = [], 6.0
    for _, bands in lanes:
        tops.append(height)
        height += _lane_height(bands) + _GAP

    def draw(axes: Any) -> None:
        for top, (table, bands) in zip(tops, lanes, strict=True):
            _draw_lane(axes, top, table, bands)

    description = " ".join(_lane_words(table, bands) for table, bands in lanes)
    return inline(_drawn(draw, height), "flow", "Rows from the source to Nexus, by table", description)


def bands_of(table: TableFacts) -> list[Band]:
    """Return what became of a table's source rows; the parts make up all that was read."""
    if table.done is None and table.planned is None:
        parts = [Band("ready to be written", table.ready, NEW)]
    else:
        parts = [Band(WORDS[name], table.count(name), _INKS[name]) for name in PUBLISHED]
    return [band for band in (*parts, Band(WORDS[REJECTED], table.refused, _REFUSED)) if band.rows]


def _lane_words(table: TableFacts, bands: Sequence[Band]) -> str:
    parts = listed([f"{number(band.rows)} {band.what}" for band in bands])
    return f"{table_words(table.name)}: {number(table.read)} read, of them {parts}."


def _thickness(band: Band, bands: Sequence[Band]) -> float:
    return max(_THINNEST, _LANE * band.rows / sum(one.rows for one in bands))


def _lane_height(bands: Sequence[Band]) -> float:
    return sum(max(_SLOT, _thickness(band, bands)) for band in bands)


def _draw_lane(axes: Any, top: float, table: TableFacts, bands: Sequence[Band]) -> None:
    height = _lane_height(bands)
    thick = [_thickness(band, bands) for band in bands]
    left = top + (height - sum(thick)) / 2
    middle = top + height / 2
    _write(axes, _READ_X - 10, middle - 6, table_words(table.name), size=_TEXT, weight="bold", right=True)
    _write(axes, _READ_X - 10, middle + 8, f"{number(table.read)} read", size=SMALL, ink=FAINT, right=True)
    _draw_block(axes, _READ_X, left, sum(thick), FAINT)
    right = top
    for band, thickness in zip(bands, thick, strict=True):
        slot = max(_SLOT, thickness)
        end = right + (slot - thickness) / 2
        _draw_ribbon(axes, left, end, thickness, band.ink)
        _draw_block(axes, _BAND_END, end, thickness, band.ink)
        _write(axes, _BAND_END + 16, right + slot / 2, f"{number(band.rows)} {band.what}", size=_TEXT)
        left, right = left + thickness, right + slot


def _draw_block(axes: Any, x: float, top: float, height: float, ink: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, top), _BLOCK, height, facecolor=ink, edgecolor="none"))


def _draw_ribbon(axes: Any, left: float, right: float, thickness: float, ink: str) -> None:
    """Draw a band that starts at the height `left` and swings to the height `right`."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    start, end = _BAND_X, _BAND_END
    middle = (start + end) / 2
    corners = [(start, left), (middle, left), (middle, right), (end, right)]
    back = [(end, right + thickness), (middle, right + thickness), (middle, left + thickness)]
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    path = Path([*corners, *back, (start, left + thickness), (start, left)], codes)
    axes.add_patch(PathPatch(path, facecolor=ink, edgecolor="none", alpha=0.35))


def time_picture(facts: ReportFacts) -> str:
    """Return how long each step took, the longest ones first; empty where no step is known."""
    steps = longest_steps(facts.steps)
    if not steps:
        return ""
    longest = max(seconds for _, seconds, _ in steps) or 1

    def draw(axes: Any) -> None:
        for place, (words, seconds, ink) in enumerate(steps):
            top = 4 + place * _BAR_LINE
            middle = top + _BAR_LINE / 2
            length = max(1.5, (WIDTH - _BAR_X - 75) * seconds / longest)
            _write(axes, _BAR_X - 10, middle, words, size=SMALL, right=True)
            _draw_bar(axes, middle, length, ink)
            _write(axes, _BAR_X + length + 8, middle, duration(seconds), size=SMALL, ink=FAINT)

    said = " ".join(f"{words}: {duration(seconds)}." for words, seconds, _ in steps)
    return inline(_drawn(draw, 8 + len(steps) * _BAR_LINE), "time", "Time by step, the longest first", said)


def longest_steps(steps: Sequence[StepFacts]) -> list[tuple[str, float, str]]:
    """Return words, seconds and ink of the longest steps; what is left over is one line at the end."""
    ordered = sorted(steps, key=lambda step: (-step.seconds, step.name))
    shown = [(step_words(one.name), one.seconds, _step_ink(one)) for one in ordered[:_STEPS_SHOWN]]
    rest = ordered[_STEPS_SHOWN:]
    if rest:
        shown.append((f"{len(rest)} shorter steps", sum(step.seconds for step in rest), SAME))
    return shown


def _step_ink(step: StepFacts) -> str:
    if step.failed:
        return _REFUSED
    return NEW if stage_of(step.name) in {"nexus", "rollback"} else ACCENT


def _draw_bar(axes: Any, middle: float, length: float, ink: str) -> None:
    from matplotlib.patches import Rectangle

    top = middle - _BAR_THICK / 2
    axes.add_patch(Rectangle((_BAR_X, top), length, _BAR_THICK, facecolor=ink, edgecolor="none"))


def _write(
    axes: Any,
    x: float,
    y: float,
    words: str,
    *,
    size: float,
    ink: str = INK,
    weight: str = "normal",
    right: bool = False,
) -> None:
    side = "right" if right else "left"
    axes.text(x, y, words, fontsize=size, color=ink, weight=weight, ha=side, va="center", parse_math=False)


def _drawn(draw: Callable[[Any], None], height: float) -> str:
    """Return the SVG of what `draw` puts on axes whose unit is a point, from the top left."""
    # It takes a second to import, and most of what imports this module draws nothing.
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    save: Any = FigureCanvasSVG.print_svg
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        figure.patch.set_visible(False)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        draw(axes)
        content = io.StringIO()
        save(FigureCanvasSVG(figure), content, metadata=_NO_METADATA)
    return content.getvalue()
