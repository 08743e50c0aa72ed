"""Commands in messages, written so that they can be copied into a shell."""

import shlex


def command_line(*words: object) -> str:
    """The command with its words quoted where a shell needs that: a folder may have blanks or a `&`."""
    return shlex.join(str(word) for word in words)
