package dev.tollgate.policy.violation;

import dev.tollgate.policy.price.Money;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * A call that a provider billed above its bound, as the proxy that settled it saw it.
 *
 * @param budget that paid for it, {@code namespace/name}
 * @param at whole milliseconds; later than what was acknowledged when it was seen
 * @param bound the most that it could cost by the published limits
 */
public record Violation(String budget, Instant at, String request, Money cost, Money bound) {

    /** An instant: what was seen until then stops the Budget no more. */
    public static final String ACKNOWLEDGED_AT = "tollgate.dev/violation-acknowledged-at";

    private static final int MAX_REQUEST_CHARS = 128;

    public Violation {
        at = at.truncatedTo(ChronoUnit.MILLIS);
        request = request.substring(0, Math.min(request.length(), MAX_REQUEST_CHARS));
    }

    /** For people. */
    public String told() {
        return "request %s cost %s USD, above its bound of %s USD, at %s"
                .formatted(request, cost, bound, at);
    }

    /** How to lift what it does; for people. */
    public static String remedy(Instant at) {
        return "to go on, annotate the Budget with " + ACKNOWLEDGED_AT + "=" + at;
    }
}
