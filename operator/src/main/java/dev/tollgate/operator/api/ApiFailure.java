package dev.tollgate.operator.api;

import io.fabric8.kubernetes.client.KubernetesClientException;

/** What the API server said when it refused, in one short line. */
public final class ApiFailure {

    private ApiFailure() {}

    /** The server's own message, or what kept it from answering. */
    public static String text(Throwable failure) {
        if (failure instanceof KubernetesClientException api
                && api.getStatus() != null
                && api.getStatus().getMessage() != null
                && !api.getStatus().getMessage().isEmpty()) {
            return api.getStatus().getMessage();
        }
        var cause = failure.getCause();
        var own = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        return cause == null || cause.getMessage() == null || own.contains(cause.getMessage())
                ? own
                : own + ": " + cause.getMessage();
    }
}
