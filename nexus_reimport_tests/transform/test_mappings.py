"""What people say of names in mappings.toml, and what is wrong with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.transform.exceptions import MappingsRefused
from nexus_reimport.transform.mappings import NOTHING_SAID, SECTIONS, Mappings, parse_mappings
from nexus_reimport_tests.transform.records import state_of, uid

FILE = """\
# Of an appointment for which there is no other.
default_clinic = "Main Street"
blank_name = "Onlyname"

[clinics]
"3F2504E0-4F89-11D3-9A0C-0305E82C3301" = "Hill"  # a calendar
" The Old Rooms " = "Main Street"

[funding]
"Plan managed" = "NDIS"
"""


def refusal(content: str | bytes) -> str:
    with pytest.raises(MappingsRefused) as caught:
        parse_mappings(content if isinstance(content, bytes) else content.encode())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_names_are_found_in_any_case_by_the_first_of_those_given() -> None:
    said = parse_mappings(b"\xef\xbb\xbf" + FILE.encode())
    assert (said.default_clinic, said.blank_name) == ("Main Street", "Onlyname")
    assert said.named("clinics", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "the old rooms") == "Hill"
    assert said.named("clinics", "", "THE OLD ROOMS") == "Main Street"
    assert said.named("funding", " plan managed") == "NDIS"
    assert said.named("clinicians", "anybody") is None


def test_an_empty_file_says_nothing() -> None:
    assert parse_mappings(b"").fingerprint() == NOTHING_SAID.fingerprint()
    assert parse_mappings(b"[clinics]\n# none yet\n").fingerprint() == NOTHING_SAID.fingerprint()
    assert NOTHING_SAID.blank_name == "-"


def test_a_fingerprint_is_of_what_is_said_and_not_of_how() -> None:
    said = parse_mappings(FILE.encode()).fingerprint()
    assert parse_mappings(FILE.replace("# a calendar", "").encode()).fingerprint() == said
    others = [FILE.replace(old, new) for old, new in (("Hill", "Dale"), ("Onlyname", "-"), ("Plan", "Self"))]
    assert len({said, *(parse_mappings(one.encode()).fingerprint() for one in others)}) == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe[\x00", "the file is not UTF-8."),
        ("[clinics", "the file is no TOML, or has a name twice: "),
        ('[clinics]\n"a" = "b"\n"a" = "c"', "or has a name twice: "),
        ('default_clinc = "Hill"', '"default_clinc" is none of default_clinic, blank_name, [clinics],'),
        ("default_clinic = 3", 'default_clinic is to be a name in quotes, as in default_clinic = "…"'),
        ('[clinics]\n"a\\nb" = 1', '[clinics] "a b" is to be the name'),
        ('clinics = "Hill"', "[clinics] is to be a section with lines such as"),
        ('[clinics]\n"a" = 1', '[clinics] "a" is to be the name of one clinic of Nexus, in quotes'),
        (
            '[funding]\n"a" = " "',
            '[funding] "a" is to be the name of one active custom funding source of Nexus',
        ),
        ('[funding]\n" " = "NDIS"', '[funding] "" is to be the name of one'),
        ('[funding]\n[funding.a]\nb = "NDIS"', '[funding] "a" is to be the name'),
        ('[funding]\n"a" = "NDIS"\n" A" = "DVA"', '[funding] has "A" twice, in one case or another'),
        ('[clinics]\n"a" = "b"\ndefault_clinic = "c"', "default_clinic is to stand before the first section"),
        (f'blank_name = "{"x" * 101}"', "blank_name is longer than 100 characters"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(content: str | bytes, words: str) -> None:
    assert words in refusal(content)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert refusal('x = 1\n[clinics]\n"a" = 1\n').count("; ") == 1


def test_names_that_nexus_does_not_have_are_listed() -> None:
    state = state_of(
        ("clinic_name", "hill", uid(1)),
        ("clinician_name", "pat doe", uid(2)),
        ("appointment_type_name", "review", uid(3)),
        ("custom_funding_source_name", "ndis", uid(4), "NDIS"),
    )
    known = {"clinics": "HILL", "clinicians": "Pat Doe", "appointment_types": "Review", "funding": "ndis"}
    assert Mappings({name: {"a": known[name]} for name in SECTIONS}, "Hill").unknown_to(state) == []
    unknown = Mappings({name: {"a": "Nobody", "b": "Nobody"} for name in SECTIONS}, "Nowhere")
    assert unknown.unknown_to(state) == [
        'default_clinic: Nexus has no clinic "Nowhere"',
        *(f'[{section}]: Nexus has no {what} "Nobody"' for section, what in SECTIONS.items()),
    ]


@given(st.binary(max_size=40))
def test_no_bytes_end_otherwise_than_in_mappings_or_a_refusal(content: bytes) -> None:
    try:
        said = parse_mappings(content)
    except MappingsRefused:
        refusal(content)
    else:
        assert said.named("clinics", "a") is None or said.sections
