package dev.tollgate.dialects;

import org.jspecify.annotations.Nullable;

/**
 * What a request's path says (protocols.md, section 2): which dialect answers it and what is asked.
 *
 * @param pathModel the model where the path names it (Gemini, and {@code /v1/models/ID}), else null
 * @param pathStream whether the path asks for a stream ({@code :streamGenerateContent}); the other
 *     dialects say it in the body
 * @param sse whether a Gemini stream was asked for as server-sent events ({@code alt=sse}); without
 *     it the stream is one JSON array
 * @param endpoint of {@link Operation#PASS}: the path behind {@code /v1}; else null
 */
public record Ingress(
        Dialect dialect,
        Operation operation,
        @Nullable String pathModel,
        boolean pathStream,
        boolean sse,
        @Nullable String endpoint) {

    /** An endpoint of the gateway's own. */
    public Ingress(
            Dialect dialect,
            Operation operation,
            @Nullable String pathModel,
            boolean pathStream,
            boolean sse) {
        this(dialect, operation, pathModel, pathStream, sse, null);
    }
}
