"""Makes a drawn SVG fit to stand in a page: its colours, ids of its own, words for who can't see it."""

import re
from xml.etree import ElementTree

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"

# What a picture is drawn in, and the page's colour that takes its place: light or dark, on screen or paper.
_INKS = {
    "#010101": "--ink",
    "#020202": "--faint",
    "#030303": "--line",
    "#040404": "--new",
    "#050505": "--changed",
    "#060606": "--same",
    "#070707": "--refused",
    "#080808": "--accent",
    "#090909": "--paper",
}
_INK = re.compile("|".join(_INKS), re.IGNORECASE)
_REFERENCE = re.compile(r"#([A-Za-z_][\w.-]*)")
_LENGTH = re.compile(r"^[0-9.]+pt$")


def inline(drawn: str, name: str, title: str, description: str) -> str:
    """Return a drawn SVG as an element of a page. `name` keeps its ids apart from another picture's.

    `title` and `description` are what it says to whoever can't see it.
    """
    root = ElementTree.fromstring(drawn)  # noqa: S314 - drawn in this process
    _drop_metadata(root)
    _own_ids(root, name)
    _page_colours(root)
    for length in ("width", "height"):
        root.attrib.pop(length, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(place, element)
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _drop_metadata(root: ElementTree.Element) -> None:
    for element in root.findall(f"{{{SVG}}}metadata"):
        root.remove(element)


def _own_ids(root: ElementTree.Element, name: str) -> None:
    """Keep only the ids that something points at, each with the picture's name before it."""
    values = [value for element in root.iter() for key, value in element.attrib.items() if key != "id"]
    pointed_at = {found for value in values if "#" in value for found in _REFERENCE.findall(value)}
    for element in root.iter():
        if element.attrib.get("id") not in pointed_at:
            element.attrib.pop("id", None)
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif "url(#" in value or key == f"{{{XLINK}}}href":
                element.set(key, value.replace("#", f"#{name}-"))


def _page_colours(root: ElementTree.Element) -> None:
    for element in root.iter():
        for key in ("style", "fill", "stroke"):
            if key in element.attrib:
                drawn = element.attrib[key]
                element.set(key, _INK.sub(lambda ink: f"var({_INKS[ink.group().lower()]})", drawn))
