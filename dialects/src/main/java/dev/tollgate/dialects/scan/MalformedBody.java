package dev.tollgate.dialects.scan;

import org.jspecify.annotations.Nullable;

/**
 * Leaves the scan early; {@link RequestScanner} turns it into a value. Never leaves the package.
 */
final class MalformedBody extends Exception {
    private static final long serialVersionUID = 1L;

    private final String problem;
    private final @Nullable String param;

    MalformedBody(String problem, @Nullable String param) {
        super(problem, null, false, false);
        this.problem = problem;
        this.param = param;
    }

    String problem() {
        return problem;
    }

    @Nullable String param() {
        return param;
    }
}
