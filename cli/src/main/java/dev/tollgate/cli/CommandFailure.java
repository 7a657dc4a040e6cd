package dev.tollgate.cli;

/** Ends a command with an exit code and one line for the user on stderr. */
final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private CommandFailure(int exitCode, String message) {
        super(message, null, false, false);
        this.exitCode = exitCode;
    }

    static CommandFailure failed(String message) {
        return new CommandFailure(ExitCode.FAILED, message);
    }

    static CommandFailure usage(String message) {
        return new CommandFailure(ExitCode.USAGE, message);
    }

    static CommandFailure missing(String message) {
        return new CommandFailure(ExitCode.MISSING, message);
    }

    int exitCode() {
        return exitCode;
    }
}
