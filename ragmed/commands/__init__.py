"""The subcommands that have a module of their own."""
