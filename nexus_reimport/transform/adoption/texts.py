r"""Text as it is compared: what FileMaker says now with what an older import kept of it.

The older scripts wrote text raw, or as a spreadsheet had it. So both sides are cleaned by the same function,
whatever either has been through before.
"""

import re
import unicodedata

from nexus_reimport.transform.text import clean, natural_key

# How a spreadsheet writes a character that XML has no place for: CR is `_x000D_`.
_ESCAPED = re.compile("_x00([01][0-9A-Fa-f])_")
_LINE_END = re.compile("\r\n|[\r\x0b]")
_CONTROL = re.compile("[\x00-\x08\x0c\x0e-\x1f\x7f-\x9f]")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\xa0]|_x00|[^\x00-\xff]")


def compared(text: str) -> str:
    r"""Return a text as it counts in a comparison.

    Trimmed; CR LF, CR, VT and `_x000D_` are "\n"; control characters are gone; NBSP is a blank; in NFC.
    FileMaker's text may be given as it is or clean already: it comes to the same.
    """
    text = clean(text)
    if _ODD.search(text):
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        text = _CONTROL.sub("", _LINE_END.sub("\n", text)).replace("\xa0", " ")
        text = unicodedata.normalize("NFC", text)
    return text.strip()


def bare(text: str) -> str:
    """Return a text as it is compared, without any white space.

    A spreadsheet drops a vertical tab with nothing in its place, so where there is one blank and where there
    is none must count alike.
    """
    return "".join(compared(text).split())


def digest(text: str) -> str:
    """Return what stands for a text where no text may be; "" for an empty one."""
    return natural_key(text) if text else ""


def bare_digest(text: str | None) -> str:
    """Return the digest of a text without its white space; "" where nothing is left, and for null."""
    return digest(bare(text or ""))
