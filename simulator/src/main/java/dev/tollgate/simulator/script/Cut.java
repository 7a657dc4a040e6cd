package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/** Where the provider drops the connection, and how; the default is a FIN. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Cut(Moment at, @Nullable Integer chunks, @Nullable How how) {
    public Cut {
        Moment.check(at, chunks);
    }

    /** The TCP segment by which the client learns of it. */
    public enum How {
        @JsonProperty("fin")
        FIN,
        @JsonProperty("rst")
        RST
    }

    public boolean reset() {
        return how == How.RST;
    }
}
