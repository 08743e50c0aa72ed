"""The visit log as files: CSV, JSON lines, Excel workbooks and Parquet."""
