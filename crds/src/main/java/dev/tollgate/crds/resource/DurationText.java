package dev.tollgate.crds.resource;

import java.time.Duration;
import java.util.regex.Pattern;

/** Durations as resources write them: {@code 1h30m}, {@code 250ms}; units h, m, s and ms. */
public final class DurationText {
    private static final Pattern WHOLE = Pattern.compile("([0-9]{1,5}(h|ms|m|s)){1,4}");
    private static final Pattern PART = Pattern.compile("([0-9]{1,5})(h|ms|m|s)");

    private DurationText() {}

    /**
     * The sum of the parts; a text that the schema would refuse is an {@link
     * IllegalArgumentException}.
     */
    public static Duration parse(String text) {
        if (!WHOLE.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "duration: " + text + " (expected: such as 250ms, 30s or 1h30m)");
        }
        var sum = Duration.ZERO;
        var part = PART.matcher(text);
        while (part.find()) {
            long count = Long.parseLong(part.group(1));
            sum =
                    sum.plus(
                            switch (part.group(2)) {
                                case "h" -> Duration.ofHours(count);
                                case "m" -> Duration.ofMinutes(count);
                                case "s" -> Duration.ofSeconds(count);
                                default -> Duration.ofMillis(count);
                            });
        }
        return sum;
    }
}
