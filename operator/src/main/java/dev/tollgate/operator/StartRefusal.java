package dev.tollgate.operator;

/** Why the operator does not start: one clear line, and the exit code of the command. */
public final class StartRefusal extends Exception {

    private static final long serialVersionUID = 1;

    /** Bad usage or unusable input. */
    public static final int USAGE = 2;

    /** A needed part is missing. */
    public static final int MISSING = 3;

    private final int exitCode;

    public StartRefusal(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
