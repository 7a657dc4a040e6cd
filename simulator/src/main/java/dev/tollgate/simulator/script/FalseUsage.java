package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * How the usage on the wire differs from the tokens of the bill, which stays true. {@code input}
 * and {@code output} are for kind wrong; what is left out stays true.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FalseUsage(Kind kind, @Nullable Long input, @Nullable Long output) {
    public FalseUsage {
        if (kind == null) {
            throw new IllegalArgumentException(
                    "kind: missing (expected: omit, negative, twice or wrong)");
        }
        var told = input != null || output != null;
        if ((kind == Kind.WRONG) != told) {
            throw new IllegalArgumentException(
                    "input, output: (expected: with kind wrong, and only so)");
        }
    }

    /** The lies. */
    public enum Kind {
        @JsonProperty("omit")
        OMIT,
        @JsonProperty("negative")
        NEGATIVE,
        /** Said twice: in a stream by a second event, else by a second member of the same name. */
        @JsonProperty("twice")
        TWICE,
        @JsonProperty("wrong")
        WRONG
    }
}
