"""The staff app: the tablet on which an employee takes and completes visits."""
