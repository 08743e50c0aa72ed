"""The page Staffing: who is needed, who is planned, and the import of a shift plan."""
