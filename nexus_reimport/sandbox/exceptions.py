"""What can go wrong with the sandbox; every message says what to do next."""


class SandboxError(Exception):
    """Anything the sandbox refuses or cannot do."""


class ServiceFailedError(SandboxError):
    """A service of the sandbox died or did not answer in time; the message carries the end of its log."""


class SandboxMismatchError(SandboxError):
    """A running or kept sandbox was made with other settings than those asked for."""


class UnknownStartingStateError(SandboxError):
    """A starting state of Nexus was asked for by a name that does not exist."""


class UnknownFaultError(SandboxError):
    """A fault of the FileMaker stand-in was asked for by a name that does not exist."""


class ReaderFault(SandboxError):
    """Nexus would answer 500 to who reads this row, or one of the clinic's commands would stop at it."""
