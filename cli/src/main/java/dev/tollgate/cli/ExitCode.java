package dev.tollgate.cli;

/** Exit codes of every subcommand. */
final class ExitCode {
    static final int OK = 0;

    /** The thing that was asked for failed. */
    static final int FAILED = 1;

    /** Bad usage or unusable input. */
    static final int USAGE = 2;

    /** A needed part is missing: Java, a port, a CRD. */
    static final int MISSING = 3;

    private ExitCode() {}
}
