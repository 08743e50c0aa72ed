"""The formats in which the visit log can be downloaded, and what each needs."""

from enum import StrEnum
from importlib.util import find_spec

from msgspec import Struct


class Format(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"


XLSX_BYTES_PER_ROW = 3_000  # of its temporary file and of the workbook together, at most


class FormatInfo(Struct, frozen=True):
    """`library` must be installed, empty for none; `install` is the command that installs it."""

    media_type: str
    library: str = ""
    install: str = ""

    @property
    def is_there(self) -> bool:
        """Whether this server can write it."""
        return not self.library or find_spec(self.library) is not None


FORMATS = {
    Format.CSV: FormatInfo("text/csv"),
    Format.JSON_LINES: FormatInfo("application/jsonl"),
    Format.XLSX: FormatInfo(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsxwriter",
        "pip install 'welkom[xlsx]'",
    ),
    Format.PARQUET: FormatInfo("application/vnd.apache.parquet", "pyarrow", "pip install 'welkom[parquet]'"),
}
