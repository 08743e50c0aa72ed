"""The server, what devices run to take part, the rules that both follow, and the `welkom` command."""
