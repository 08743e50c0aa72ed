"""The visit log as files: JSON lines, Excel workbooks and Parquet. CSV is in `reports/csv_export.py`."""
