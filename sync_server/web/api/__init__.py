"""HTTP for programs: open a visit, the server's own commands, health and metrics."""
