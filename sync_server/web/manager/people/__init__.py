"""The pages about those who sign in: accounts, invitations, sign-ins, second factors, and the audit log."""
