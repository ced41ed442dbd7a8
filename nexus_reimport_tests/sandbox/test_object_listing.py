"""Pages of a listing: whatever the names, prefix and delimiter, as S3 would cut them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.sandbox.object_listing import (
    InvalidListingError,
    ListedObject,
    ListingRequest,
    listing_page,
    listing_xml,
)

NAMES = st.lists(st.text(alphabet="ab/é\U0001f600", min_size=1, max_size=6), unique=True).map(sorted)


def every_page(names: list[str], **asked: str | int) -> list[tuple[list[str], list[str]]]:
    """Follow continuation tokens as a client does, through the XML."""
    token, pages = "", []
    while True:
        request = ListingRequest("b", continuation_token=token, **asked)  # type: ignore[arg-type]  # by name
        page = listing_page(names, request)
        pages.append((page.keys, page.common_prefixes))
        if not page.next_position:
            return pages
        xml = listing_xml(request, page, []).decode()
        token = xml.partition("<NextContinuationToken>")[2].partition("<")[0]


@given(NAMES, st.sampled_from(["", "a", "a/", "b", "é", "/", "zz"]), st.integers(1, 4))
def test_pages_put_together_are_the_names_with_the_prefix_in_order(
    names: list[str], prefix: str, max_keys: int
) -> None:
    pages = every_page(names, prefix=prefix, max_keys=max_keys)
    assert [key for keys, _ in pages for key in keys] == [name for name in names if name.startswith(prefix)]
    assert all(len(keys) == max_keys for keys, _ in pages[:-1])


@given(NAMES, st.sampled_from(["", "a", "a/", "/"]), st.sampled_from(["/", "a/"]), st.integers(1, 3))
def test_a_delimiter_folds_names_into_common_prefixes_each_given_once(
    names: list[str], prefix: str, delimiter: str, max_keys: int
) -> None:
    pages = every_page(names, prefix=prefix, delimiter=delimiter, max_keys=max_keys)
    plain, folders = [], []
    for name in names:
        rest = name.removeprefix(prefix)
        if not name.startswith(prefix):
            continue
        if delimiter in rest:
            folders.append(prefix + rest.partition(delimiter)[0] + delimiter)
        else:
            plain.append(name)
    assert [key for keys, _ in pages for key in keys] == plain
    assert [folder for _, given_folders in pages for folder in given_folders] == sorted(set(folders))
    assert all(len(keys) + len(given_folders) <= max_keys for keys, given_folders in pages)


@given(NAMES, st.text(alphabet="ab/", max_size=3))
def test_a_listing_may_start_after_any_name(names: list[str], start_after: str) -> None:
    page = listing_page(names, ListingRequest("b", start_after=start_after))
    assert page.keys == [name for name in names if name > start_after]


def test_a_page_of_no_keys_is_empty_and_the_last() -> None:
    page = listing_page(["a", "b"], ListingRequest("b", max_keys=0))
    assert (page.keys, page.next_position) == ([], "")


def test_a_token_that_is_not_ours_is_refused() -> None:
    with pytest.raises(InvalidListingError, match="continuation token"):
        listing_page(["a"], ListingRequest("b", continuation_token="é!"))  # noqa: S106 - no password


def test_names_are_written_so_that_they_come_back_the_same() -> None:
    item = ListedObject("a&b <c>", 3, '"e"', datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
    request = ListingRequest("b", prefix="a&b")
    page = listing_page([item.key], request)
    plain = listing_xml(request, page, [item]).decode()
    assert "<Key>a&amp;b &lt;c&gt;</Key>" in plain
    assert "<LastModified>2026-03-04T05:06:07.000Z</LastModified>" in plain
    assert "<KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>" in plain
    encoded = listing_xml(ListingRequest("b", prefix="a&b", is_url_encoded=True), page, [item]).decode()
    assert "<Prefix>a%26b</Prefix>" in encoded
    assert "<EncodingType>url</EncodingType>" in encoded
