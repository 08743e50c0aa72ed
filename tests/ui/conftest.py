"""These tests open windows. None looks at pixels: pictures are made by `make screenshots`."""

from collections.abc import Iterator

import pytest

from tests.gallery import picture_window


@pytest.fixture(scope="package", autouse=True)
def _with_display(display: None) -> None:
    pass


@pytest.fixture(scope="package", autouse=True)
def _without_pixels() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picture_window, "pixels", False)
        yield
