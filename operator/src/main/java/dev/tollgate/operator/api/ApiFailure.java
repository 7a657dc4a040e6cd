package dev.tollgate.operator.api;

import io.fabric8.kubernetes.client.KubernetesClientException;
import org.jspecify.annotations.Nullable;

/** What the API server said when it refused, in one short line. */
public final class ApiFailure {

    private static final int CAUSES_MAX = 10;

    private ApiFailure() {}

    /** The server's own message, or what kept it from answering. */
    public static String text(Throwable failure) {
        if (failure instanceof KubernetesClientException api
                && api.getStatus() != null
                && api.getStatus().getMessage() != null
                && !api.getStatus().getMessage().isEmpty()) {
            return api.getStatus().getMessage();
        }
        var own = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        var why = why(failure);
        return why == null || own.contains(why) ? own : own + ": " + why;
    }

    /** The message of the first cause that has one; if none has, what the last one is. */
    private static @Nullable String why(Throwable failure) {
        String last = null;
        var cause = failure.getCause();
        for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++) {
            if (cause.getMessage() != null && !isClassAlone(cause)) {
                return cause.getMessage();
            }
            last = cause.getClass().getSimpleName();
            cause = cause.getCause();
        }
        return last;
    }

    /** As an exception has it that was made of another one without a message. */
    private static boolean isClassAlone(Throwable failure) {
        var cause = failure.getCause();
        return cause != null && cause.toString().equals(failure.getMessage());
    }
}
