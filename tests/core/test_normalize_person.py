"""What people type is brought to one spelling."""

import pytest

from leadsync.normalize import person


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (" Ada.Lovelace@Example.COM ", "ada.lovelace@example.com"),
        ("<mailto:ada@example.com>", "ada@example.com"),
        ("ａｄａ@example.com", "ada@example.com"),
        ("ada at example.com", ""),
        ("ada@localhost", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_an_address_is_lowered_trimmed_or_refused(typed: str | None, meant: str) -> None:
    assert person.email(typed) == meant


def test_a_list_of_addresses_keeps_the_valid_ones_once() -> None:
    assert person.emails("a@x.com; b@y.org,A@x.com;nope") == ("a@x.com", "b@y.org")


def test_shared_and_free_addresses_are_told_apart() -> None:
    assert person.is_role_address("info@x.com")
    assert person.is_role_address("sales+de@x.com")
    assert not person.is_role_address("ada@x.com")
    assert person.is_free_mail("ada@gmail.com")
    assert not person.is_free_mail("ada@x.com")


def test_phone_numbers_differ_only_in_digits() -> None:
    assert person.digits("+49 (0) 30-123") == person.digits("0049 0 30 123") == "49030123"


def test_names_are_compared_without_accents_and_nicknames() -> None:
    assert person.name_key("Bob", "Müller") == person.name_key("ROBERT", "Mueller ") == "robert mueller"


@pytest.mark.parametrize(
    ("a", "b", "agree"),
    [
        ("robert mueller", "r mueller", True),
        ("mueller", "robert mueller", True),
        ("", "robert mueller", True),
        ("anna mueller", "robert mueller", False),
        ("ada lovelace", "alan turing", False),
    ],
)
def test_names_agree_when_one_says_less(a: str, b: str, agree: bool) -> None:
    assert person.names_agree(a, b) is agree
