package dev.tollgate.dataplane.exchange;

import io.vertx.core.MultiMap;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** How long a provider asks to wait: {@code retry-after-ms}, {@code retry-after}, or its body. */
final class RetryAfter {

    private static final Duration LONGEST = Duration.ofDays(1);

    private RetryAfter() {}

    static @Nullable Duration of(MultiMap headers, @Nullable Duration fromBody) {
        var millis = headers.get(Names.RETRY_AFTER_MS);
        if (millis != null) {
            var parsed = number(millis, 1);
            if (parsed != null) {
                return parsed;
            }
        }
        var spelled = headers.get(Names.RETRY_AFTER);
        if (spelled != null) {
            var parsed = number(spelled, 1_000);
            return parsed != null ? parsed : date(spelled);
        }
        return fromBody;
    }

    private static @Nullable Duration number(String text, long millisPerUnit) {
        try {
            double value = Double.parseDouble(text.trim());
            return value >= 0 && value < 1e9
                    ? shorter(Duration.ofMillis((long) Math.ceil(value * millisPerUnit)))
                    : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static @Nullable Duration date(String text) {
        try {
            var until = ZonedDateTime.parse(text.trim(), DateTimeFormatter.RFC_1123_DATE_TIME);
            var wait = Duration.between(Instant.now(), until.toInstant());
            return wait.isNegative() ? Duration.ZERO : shorter(wait);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static Duration shorter(Duration wait) {
        return wait.compareTo(LONGEST) > 0 ? LONGEST : wait;
    }
}
