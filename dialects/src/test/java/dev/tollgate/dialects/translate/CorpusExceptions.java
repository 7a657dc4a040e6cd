package dev.tollgate.dialects.translate;

import java.util.Set;

/** Recorded streams that do not end well, and why. */
final class CorpusExceptions {
    static final Set<String> BROKEN =
            Set.of(
                    // the provider reports an error within the stream
                    "groq/test_tool_use_failed_error_streaming_with_text-e3cdd8-0.json");

    private CorpusExceptions() {}
}
