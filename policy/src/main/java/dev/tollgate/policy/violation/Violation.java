package dev.tollgate.policy.violation;

import dev.tollgate.policy.price.Money;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * A call that a provider billed above its bound, as the proxy that settled it saw it.
 *
 * @param budget that paid for it, {@code namespace/name}
 * @param at whole milliseconds; later than what was acknowledged when it was seen
 * @param bound the most that it could cost by the published limits
 * @param stops it stops the Budget if that is Hard: the provider is of the Budget's own namespace,
 *     or of the platform's
 */
public record Violation(
        String budget, Instant at, String request, Money cost, Money bound, boolean stops) {

    /** An instant: what was seen until then stops the Budget no more. */
    public static final String ACKNOWLEDGED_AT = "tollgate.dev/violation-acknowledged-at";

    private static final int MAX_REQUEST_CHARS = 128;

    public Violation {
        at = at.truncatedTo(ChronoUnit.MILLIS);
        request = request.substring(0, Math.min(request.length(), MAX_REQUEST_CHARS));
    }

    /** One that is seen or acknowledged may be so far ahead, and no further. */
    public static final Duration AHEAD = Duration.ofDays(1);

    /** For people. */
    public String told() {
        return told(request, cost.toString(), bound.toString(), at);
    }

    /** The same of one that a status shows. */
    public static String told(String request, String cost, String bound, Instant at) {
        return "request %s cost %s USD, above its bound of %s USD, at %s"
                .formatted(request, cost, bound, at);
    }

    /** The same at another time. */
    public Violation at(Instant time) {
        return new Violation(budget, time, request, cost, bound, stops);
    }

    /** How to lift what it does; for people. */
    public static String remedy(Instant at) {
        return "to go on, annotate the Budget with " + ACKNOWLEDGED_AT + "=" + at;
    }
}
