package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.Usage;
import dev.tollgate.policy.route.Candidate;
import io.vertx.core.http.HttpClientResponse;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A whole answer that was not good enough, for a client that gets no better one.
 *
 * @param body in the client's dialect: of a stream all its events
 * @param poverty how little it is worth, the lower the better
 * @param usage null: the provider reported none
 * @param dropped fields of the request that its provider did not get
 * @param limit of its output, if it was lowered for want of money
 */
record Kept(
        Candidate candidate,
        HttpClientResponse head,
        boolean sameDialect,
        boolean stream,
        byte[] body,
        int poverty,
        @Nullable Usage usage,
        List<String> dropped,
        OptionalLong limit) {}
