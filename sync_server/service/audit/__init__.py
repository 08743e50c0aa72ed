"""The audit log: who signed in to the manager's pages and what they changed, when and from where."""
