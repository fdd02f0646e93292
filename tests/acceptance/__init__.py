"""The real process, from outside: a Bot API server, a database, signals and exit codes."""
