"""What a log says of a failure: type and place, never the text."""

from callcenter.kit.failure import failure_place


def test_the_place_is_named_and_the_text_is_not() -> None:
    try:
        raise ValueError("Mei Chen +14155550123")
    except ValueError as error:
        said = failure_place(error)
    assert said.startswith("ValueError at test_failure.py:")
    assert "Mei" not in said
    assert "415" not in said


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert failure_place(KeyError("x")) == "KeyError"
