package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.config.Credentials;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.scan.PassScan;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpClientRequest;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Headers of an upstream request: made from nothing, so that no identity, forwarding, hop-by-hop or
 * {@code x-tollgate-*} header of the client can get through. The credential is looked up for each
 * attempt, so that a new one needs no restart.
 */
final class UpstreamHead {

    private static final String DEFAULT_ANTHROPIC_VERSION = "2023-06-01";

    private UpstreamHead() {}

    /**
     * The provider's key.
     *
     * @return empty for a provider without authentication, null if the key is missing
     */
    static @Nullable String key(ProviderEntry provider, Credentials credentials) {
        var auth = provider.auth();
        return switch (auth.kind()) {
            case NONE -> "";
            case CLIENT_PASSTHROUGH -> null;
            case API_KEY -> {
                var reference = auth.credential();
                var value = reference == null ? null : credentials.value(reference);
                yield value == null ? null : new String(value, StandardCharsets.UTF_8).strip();
            }
        };
    }

    static void put(
            HttpClientRequest request,
            ProviderEntry provider,
            @Nullable String apiVersion,
            String key,
            boolean stream,
            MultiMap client) {
        request.putHeader(Names.CONTENT_TYPE, Names.JSON);
        request.putHeader(Names.ACCEPT, stream ? Names.EVENT_STREAM : Names.JSON);
        request.putHeader(Names.USER_AGENT, Names.AGENT);
        switch (Dialect.of(provider.dialect())) {
            case OPENAI_CHAT, OPENAI_RESPONSES -> {
                if (!key.isEmpty()) {
                    request.putHeader(Names.AUTHORIZATION, "Bearer " + key);
                }
            }
            case ANTHROPIC -> {
                if (!key.isEmpty()) {
                    request.putHeader(Names.X_API_KEY, key);
                }
                anthropic(request, apiVersion, client);
            }
            case GEMINI -> {
                if (!key.isEmpty()) {
                    request.putHeader(Names.X_GOOG_API_KEY, key);
                }
            }
        }
    }

    /** Of a body that passes as it is: its type, with a form's boundary, and what is accepted. */
    static void passes(HttpClientRequest request, MultiMap client) {
        var type = client.get(Names.CONTENT_TYPE);
        if (type != null && PassScan.isMultipart(type)) {
            request.putHeader(Names.CONTENT_TYPE, type);
        }
        var accept = client.get(Names.ACCEPT);
        request.putHeader(Names.ACCEPT, accept == null ? "*/*" : accept);
    }

    private static void anthropic(
            HttpClientRequest request, @Nullable String configured, MultiMap client) {
        var asked = client.get(Names.ANTHROPIC_VERSION);
        request.putHeader(
                Names.ANTHROPIC_VERSION,
                asked != null
                        ? asked
                        : configured != null ? configured : DEFAULT_ANTHROPIC_VERSION);
        var betas = client.getAll(Names.ANTHROPIC_BETA);
        if (!betas.isEmpty()) {
            request.putHeader(Names.ANTHROPIC_BETA, String.join(",", betas));
        }
    }
}
