package dev.tollgate.dataplane.cache;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.policy.snapshot.PolicyEntry;
import io.vertx.core.MultiMap;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request may be answered from the cache, and under which key (api.md, R24): pure.
 *
 * <p>The key is the SHA-256 of the caller's namespace, policy and rule, dialect, path, the headers
 * that change what a provider does or who is asked, and the whole body but for the white space
 * between its tokens. So a stream and a plain answer, and streams with and without usage, are kept
 * apart: each is given again exactly as it was. Names are preceded by their length, so that no two
 * requests run together.
 *
 * <p>No part of the cache are requests whose answer rests on what a server remembers or fetches
 * ({@link RequestScan#unbounded}) or that ask it to remember ({@code store}; the Responses API does
 * so unless told not to), those larger than {@link #MAX_REQUEST_BYTES}, and under ZeroOnly all that
 * do not send temperature 0.
 */
public sealed interface RequestKey {

    /** A larger request is not looked up: its hash would hold up the event loop. */
    int MAX_REQUEST_BYTES = 1024 * 1024;

    /** Changes with the meaning of the key. */
    String VERSION = "tollgate-answer-1";

    /** Headers that a provider's answer, or the choice of the provider, may depend on. */
    List<String> HEADERS = List.of("anthropic-version", "anthropic-beta", "x-quality-hint");

    /** The cache has no part in it. */
    record Off() implements RequestKey {}

    /**
     * @param mayAnswer false: the client wants the provider's own answer ({@code no-cache}), which
     *     then takes the place of the one that is kept
     */
    record Keyed(CacheKey key, long ttlMillis, boolean mayAnswer) implements RequestKey {}

    /**
     * Who asks for what.
     *
     * @param namespace the caller's
     * @param route {@code namespace/policy/rule}
     * @param answersRequestedModel whether the answer names the model that was asked for
     * @param sse whether a stream of Gemini was asked for as events
     */
    record Asked(
            String namespace,
            String route,
            boolean answersRequestedModel,
            RequestScan scan,
            boolean sse,
            String path,
            byte[] body,
            MultiMap headers) {}

    RequestKey OFF = new Off();

    /**
     * @param cache the policy's, null: it has none
     */
    static RequestKey of(PolicyEntry.@Nullable Cache cache, Asked asked) {
        if (cache == null || !isCacheable(cache, asked)) {
            return OFF;
        }
        var directives = CacheControl.of(asked.headers());
        if (directives.noStore()) {
            return OFF;
        }
        var hash = sha256();
        text(hash, VERSION);
        text(hash, asked.namespace());
        text(hash, asked.route());
        text(hash, asked.answersRequestedModel() ? "requested" : "served");
        text(hash, asked.scan().dialect().wireName());
        text(hash, asked.path());
        text(hash, asked.sse() ? "sse" : "");
        for (var name : HEADERS) {
            var value = String.join(",", asked.headers().getAll(name));
            text(hash, value.trim().toLowerCase(Locale.ROOT));
        }
        var store = CanonicalJson.feed(asked.body(), hash);
        if (remembers(asked.scan().dialect(), asked.scan().operation(), store)) {
            return OFF;
        }
        return new Keyed(
                CacheKey.of(asked.namespace(), hash.digest()),
                cache.ttlMillis(),
                !directives.noCache());
    }

    private static boolean isCacheable(PolicyEntry.Cache cache, Asked asked) {
        var scan = asked.scan();
        boolean answers =
                switch (scan.operation()) {
                    case GENERATE, EMBED, EMBED_ONE -> true;
                    case COUNT_TOKENS, PASS, LIST_MODELS, GET_MODEL -> false;
                };
        return answers
                && asked.body().length <= MAX_REQUEST_BYTES
                && scan.unbounded().isEmpty()
                && (cache.anyTemperature() || isZero(scan.temperature()));
    }

    /** Whether the provider is to keep the answer for later requests to refer to. */
    private static boolean remembers(
            Dialect dialect, Operation operation, CanonicalJson.Store store) {
        return switch (store) {
            case FALSE -> false;
            case OTHER -> true;
            case ABSENT -> dialect == Dialect.OPENAI_RESPONSES && operation == Operation.GENERATE;
        };
    }

    /** Zero in any spelling of JSON: 0, 0.0, -0, 0e5. */
    static boolean isZero(@Nullable String number) {
        if (number == null) {
            return false;
        }
        boolean digits = false;
        for (int i = 0; i < number.length(); i++) {
            char c = number.charAt(i);
            if (c == 'e' || c == 'E') {
                break;
            }
            if (c == '0') {
                digits = true;
            } else if (c != '.' && c != '-') {
                return false;
            }
        }
        return digits;
    }

    private static void text(MessageDigest hash, String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        hash.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
        hash.update(bytes);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256: missing (expected: in every Java)", e);
        }
    }
}
