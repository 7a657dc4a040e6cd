package dev.tollgate.dataplane.limits;

import io.vertx.core.MultiMap;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a provider's answer says of its remaining quota: {@code x-ratelimit-*} of OpenAI and its
 * likes (resets such as {@code 6m0s} or {@code 120ms}), {@code anthropic-ratelimit-*} (resets as
 * times). A figure that cannot be read says nothing.
 */
public final class QuotaHeaders {

    /** A provider is left alone for no longer. */
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private static final int PERCENT = 100;

    private static final Pattern DURATION =
            Pattern.compile(
                    "(?:(?<h>\\d{1,4})h)?(?:(?<m>\\d{1,6})m(?!s))?"
                            + "(?:(?<s>\\d{1,9}(?:\\.\\d{1,9})?)(?:s|$))?(?:(?<ms>\\d{1,9}(?:\\.\\d{1,9})?)ms)?");

    /** Names of limit, remaining and reset. */
    private record Quota(String limit, String remaining, String reset) {}

    private static final List<Quota> QUOTAS =
            List.of(
                    openAi("requests"),
                    openAi("tokens"),
                    anthropic("requests"),
                    anthropic("tokens"),
                    anthropic("input-tokens"),
                    anthropic("output-tokens"));

    private QuotaHeaders() {}

    private static Quota openAi(String what) {
        return new Quota(
                "x-ratelimit-limit-" + what,
                "x-ratelimit-remaining-" + what,
                "x-ratelimit-reset-" + what);
    }

    private static Quota anthropic(String what) {
        var name = "anthropic-ratelimit-" + what;
        return new Quota(name + "-limit", name + "-remaining", name + "-reset");
    }

    /**
     * Until when the target should be skipped; null: it has enough left.
     *
     * @param skipAbovePercent used part of a quota above which it has not
     */
    public static @Nullable Instant nearUntil(MultiMap headers, int skipAbovePercent, Instant now) {
        Instant latest = null;
        for (var quota : QUOTAS) {
            long limit = number(headers.get(quota.limit()));
            long remaining = number(headers.get(quota.remaining()));
            if (limit <= 0
                    || remaining < 0
                    || remaining * PERCENT >= limit * (PERCENT - skipAbovePercent)
                            && remaining > 0) {
                continue;
            }
            var until = until(headers.get(quota.reset()), now);
            if (until != null && (latest == null || until.isAfter(latest))) {
                latest = until;
            }
        }
        return latest;
    }

    /** -1: none. */
    private static long number(@Nullable String text) {
        if (text == null || text.isEmpty() || text.length() > 15) {
            return -1;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return -1;
            }
        }
        return Long.parseLong(text);
    }

    private static @Nullable Instant until(@Nullable String reset, Instant now) {
        if (reset == null || reset.isEmpty()) {
            return null;
        }
        try {
            var at = reset.contains("T") ? Instant.parse(reset) : now.plus(duration(reset));
            var longest = now.plus(LONGEST);
            return at.isBefore(now) ? null : at.isAfter(longest) ? longest : at;
        } catch (DateTimeParseException | ArithmeticException e) {
            return null;
        }
    }

    /** {@code 1h2m3.5s}, {@code 120ms}, or a bare number of seconds. */
    private static Duration duration(String text) {
        var parts = DURATION.matcher(text.toLowerCase(Locale.ROOT));
        if (!parts.matches()) {
            throw new DateTimeParseException("no duration", text, 0);
        }
        double seconds = part(parts, "h") * 3_600 + part(parts, "m") * 60 + part(parts, "s");
        return Duration.ofMillis(Math.round(seconds * 1_000 + part(parts, "ms")));
    }

    private static double part(Matcher parts, String name) {
        var text = parts.group(name);
        return text == null ? 0 : Double.parseDouble(text);
    }
}
