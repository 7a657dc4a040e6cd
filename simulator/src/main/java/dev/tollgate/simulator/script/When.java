package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which requests a rule is about; all that is told must hold. A rule without {@code endpoint} is
 * about inference only. {@code nth}, {@code every} and {@code after} count the requests for which
 * all else holds, whether or not an earlier rule takes them.
 *
 * @param header name of a request header to a text that it contains
 * @param text contained in the prompt
 * @param toolResult whether the conversation ends with the result of a tool
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record When(
        @Nullable Integer nth,
        @Nullable Integer every,
        @Nullable Integer after,
        @Nullable Endpoint endpoint,
        @Nullable String model,
        @Nullable Boolean stream,
        @Nullable Map<String, String> header,
        @Nullable String text,
        @Nullable Boolean toolResult) {

    static final When ALWAYS = new When(null, null, null, null, null, null, null, null, null);

    public When {
        Bounds.optional("nth", nth, 1, Integer.MAX_VALUE);
        Bounds.optional("every", every, 1, Integer.MAX_VALUE);
        Bounds.optional("after", after, 0, Integer.MAX_VALUE);
        if (nth != null && (every != null || after != null)) {
            throw new IllegalArgumentException("nth with every or after (expected: nth alone)");
        }
        header = header == null ? null : Map.copyOf(header);
    }

    /** Whether all but the counting holds. */
    boolean matches(Facts facts) {
        if (endpoint == null ? !facts.endpoint().inference() : endpoint != facts.endpoint()) {
            return false;
        }
        if (model != null && !model.equals(facts.model())) {
            return false;
        }
        if (stream != null && stream != facts.stream()) {
            return false;
        }
        if (toolResult != null && toolResult != facts.toolResult()) {
            return false;
        }
        if (text != null && !facts.text().contains(text)) {
            return false;
        }
        return header == null || header.entrySet().stream().allMatch(e -> holds(facts, e));
    }

    private static boolean holds(Facts facts, Map.Entry<String, String> wanted) {
        var value = facts.headers().get(wanted.getKey().toLowerCase(Locale.ROOT));
        return value != null && value.contains(wanted.getValue());
    }

    /** Whether the rule is about the {@code count}th request (from 1) for which the rest holds. */
    boolean counts(long count) {
        if (nth != null) {
            return count == nth;
        }
        var from = after == null ? 0 : after;
        return count > from && (every == null || (count - from) % every == 0);
    }

    /** What a rule can see of a request; header names are in lower case. */
    public record Facts(
            Endpoint endpoint,
            String model,
            boolean stream,
            boolean toolResult,
            String text,
            Map<String, String> headers) {}
}
