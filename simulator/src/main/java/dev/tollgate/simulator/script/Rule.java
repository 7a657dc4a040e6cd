package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/** One thing to do, when, and how many {@code times} at most. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Rule(
        @Nullable String name,
        When when,
        @Nullable Integer times,
        @JsonProperty("do") Behaviour behaviour) {

    public Rule {
        if (when == null) {
            when = When.ALWAYS;
        }
        if (behaviour == null) {
            throw new IllegalArgumentException("do: missing (expected: what to do)");
        }
        Bounds.optional("times", times, 1, Integer.MAX_VALUE);
    }

    /** Every inference request gets this error, at most {@code times} of them. */
    public static Rule failing(Failure failure, @Nullable Integer times) {
        return new Rule("fail", When.ALWAYS, times, Behaviour.failing(failure));
    }
}
