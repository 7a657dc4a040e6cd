package dev.tollgate.dataplane.exchange;

import dev.tollgate.policy.price.Money;
import io.vertx.core.MultiMap;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks of the gateway itself, in headers of contract.md. What is malformed or said
 * twice is refused: of two ceilings, whichever is left out could be the one that was meant.
 *
 * <p>A quality hint moves the quality floor of a rule (api.md, R12) when the request is routed;
 * where a rule has no floor it moves nothing.
 */
sealed interface Wishes {

    /**
     * @param ceiling what the request may cost, null: the client did not say
     */
    record Told(@Nullable Money ceiling) implements Wishes {}

    record Wrong(Refusal refusal) implements Wishes {}

    Told NONE = new Told(null);

    static Wishes of(MultiMap headers) {
        var hint = headers.get(Names.QUALITY_HINT);
        if (hint != null) {
            if (isRepeated(headers, Names.QUALITY_HINT)) {
                return repeated(Names.QUALITY_HINT);
            }
            switch (hint.trim().toLowerCase(Locale.ROOT)) {
                case "low", "standard", "high" -> {}
                default -> {
                    return wrong("x-quality-hint: expected low, standard or high");
                }
            }
        }
        var spelled = headers.get(Names.MAX_COST);
        if (spelled == null) {
            return NONE;
        }
        if (isRepeated(headers, Names.MAX_COST)) {
            return repeated(Names.MAX_COST);
        }
        try {
            var ceiling = Money.parse(spelled.trim());
            if (ceiling.nanos() >= 0) {
                return new Told(ceiling);
            }
        } catch (IllegalArgumentException e) {
            // told below
        }
        return wrong("x-tollgate-max-cost: expected US dollars such as 0.05");
    }

    static boolean isRepeated(MultiMap headers, CharSequence name) {
        return headers.getAll(name).size() > 1;
    }

    private static Wishes repeated(CharSequence name) {
        return wrong(name + ": given more than once (expected: one value)");
    }

    private static Wishes wrong(String message) {
        return new Wrong(Refusal.invalid(message, null));
    }
}
