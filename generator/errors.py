"""The one exception that reaches a user as a plain sentence."""


class ReportError(Exception):
    """Something the user can mend.

    The message is one sentence that names the file, row or field at fault and says what to do about it.
    The command line prints it without a traceback and exits with status 1.
    """
