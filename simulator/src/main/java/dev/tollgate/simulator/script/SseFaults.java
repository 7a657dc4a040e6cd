package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong or unusual with a stream.
 *
 * @param lineEnding how lines end; by default as the provider does it: CRLF for Gemini, LF for
 *     others
 * @param splitUtf8 each event goes out in two HTTP chunks, cut inside a character of several bytes
 *     if it has one
 * @param omitTerminal leaves out what ends the stream: {@code [DONE]}, {@code message_stop}; Gemini
 *     has no such event
 * @param omitFinish leaves out the finish reason and what carries it
 * @param inject bytes between the chunks
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record SseFaults(
        @Nullable LineEnding lineEnding,
        boolean splitUtf8,
        boolean omitTerminal,
        boolean omitFinish,
        List<Injection> inject) {

    public SseFaults {
        inject =
                inject == null
                        ? List.of()
                        : inject.stream()
                                .sorted(Comparator.comparingInt(Injection::afterChunks))
                                .toList();
    }

    /** The three line ends that the event-stream format allows, and a different one each time. */
    public enum LineEnding {
        @JsonProperty("lf")
        LF,
        @JsonProperty("crlf")
        CRLF,
        @JsonProperty("cr")
        CR,
        @JsonProperty("mixed")
        MIXED
    }

    /** Something that goes out after {@code afterChunks} chunks; {@code raw} is sent as it is. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Injection(
            int afterChunks, Kind kind, @Nullable String raw, @Nullable Integer bytes) {
        private static final int DEFAULT_LINE_BYTES = 10 << 20;

        public Injection {
            Bounds.optional("afterChunks", afterChunks, 0, Bounds.MAX_CHUNKS);
            if (kind == null) {
                kind = Kind.RAW;
            }
            if ((kind == Kind.RAW) != (raw != null)) {
                throw new IllegalArgumentException("raw: (expected: with kind raw, and only so)");
            }
            if (bytes != null && kind != Kind.HUGE_LINE) {
                throw new IllegalArgumentException("bytes: (expected: only with kind hugeLine)");
            }
            Bounds.optional("bytes", bytes, 1, Bounds.MAX_LINE_BYTES);
        }

        public int lineBytes() {
            return bytes == null ? DEFAULT_LINE_BYTES : bytes;
        }
    }

    /** What to inject. */
    public enum Kind {
        @JsonProperty("raw")
        RAW,
        /** A line with no colon and no meaning. */
        @JsonProperty("garbage")
        GARBAGE,
        /** An event whose data is no JSON. */
        @JsonProperty("badJson")
        BAD_JSON,
        /** An event with a NUL byte in its data. */
        @JsonProperty("nul")
        NUL,
        /** A comment line, as some providers send to keep a connection alive. */
        @JsonProperty("comment")
        COMMENT,
        /** A valid event with one data line of {@code bytes} bytes, by default 10 MiB. */
        @JsonProperty("hugeLine")
        HUGE_LINE
    }
}
