"""The commands, one module for each group; a module is imported when its command is used."""
