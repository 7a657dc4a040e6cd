package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.config.Applied;
import dev.tollgate.dataplane.identity.Identified;
import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.scan.IngressPath;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Caller;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a request's head tells, before a byte of its body is read. */
sealed interface Arrival {

    /**
     * A known caller asks for something that the data port has.
     *
     * @param expectsContinue the client waits for 100 before it sends the body
     * @param ceiling what the client lets the request cost, null: it did not say
     */
    record Welcome(
            Ingress ingress,
            Applied applied,
            Caller caller,
            boolean expectsContinue,
            @Nullable Money ceiling)
            implements Arrival {}

    /**
     * @param allow value of the header {@code allow} of a 405, else null
     */
    record Turned(Dialect dialect, Refusal refusal, @Nullable String allow) implements Arrival {}

    /** Decided from the head alone. */
    static Arrival of(HttpServerRequest request, LoopParts loop, Instant now) {
        var path = request.path() == null ? "" : request.path();
        var headers = request.headers();
        boolean anthropic = headers.contains(Names.ANTHROPIC_VERSION);
        var method = request.method().name();
        if (request.version() != HttpVersion.HTTP_1_0 && headers.getAll(Names.HOST).size() != 1) {
            return turned(
                    IngressPath.nearestDialect(path),
                    Refusal.invalid("host: expected exactly one such header", null));
        }
        var applied = loop.live().applied();
        var served = IngressPath.parse(method, path, request.query(), anthropic);
        var ingress = served != null ? served : declared(method, path, applied);
        if (ingress == null) {
            return unknown(request, path, anthropic);
        }
        if (applied == null) {
            return turned(
                    ingress.dialect(),
                    Refusal.of(
                            ErrorKind.OVERLOADED,
                            "the gateway has no configuration yet: try again in a moment",
                            Outcome.OVERLOADED));
        }
        var identified =
                loop.authenticator()
                        .authenticate(headers, request.query(), applied.identities(), now);
        return switch (identified) {
            case Identified.Unknown unknown ->
                    turned(
                            ingress.dialect(),
                            Refusal.of(
                                    ErrorKind.AUTHENTICATION,
                                    unknown.message(),
                                    Outcome.UNAUTHENTICATED));
            case Identified.Known known -> checked(request, ingress, applied, known.caller(), loop);
        };
    }

    /** An endpoint that the gateway does not know but a provider declares. */
    private static @Nullable Ingress declared(
            String method, String path, @Nullable Applied applied) {
        var passed = IngressPath.passThrough(method, path);
        var endpoint = passed == null ? null : passed.endpoint();
        boolean declared =
                endpoint != null && applied != null && applied.index().declares(endpoint);
        return declared ? passed : null;
    }

    private static Arrival checked(
            HttpServerRequest request,
            Ingress ingress,
            Applied applied,
            Caller caller,
            LoopParts loop) {
        var headers = request.headers();
        var encoding = headers.get(Names.CONTENT_ENCODING);
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            return turned(
                    ingress.dialect(),
                    Refusal.invalid(
                            "content-encoding is not accepted: send the body uncompressed", null));
        }
        // an offer of cleartext HTTP/2, which clients such as the JDK's make unasked, may be
        // ignored
        var upgrade = headers.get(Names.UPGRADE);
        if (upgrade != null && !upgrade.equalsIgnoreCase("h2c")) {
            return turned(
                    ingress.dialect(),
                    Refusal.invalid("upgrade is not accepted: this is HTTP/1.1 only", null));
        }
        if (request.version() == HttpVersion.HTTP_1_0
                && headers.contains(Names.TRANSFER_ENCODING)) {
            return turned(
                    ingress.dialect(),
                    Refusal.invalid("transfer-encoding is not accepted in HTTP/1.0", null));
        }
        var expect = headers.get(Names.EXPECT);
        boolean expectsContinue = "100-continue".equalsIgnoreCase(expect);
        if (expect != null && !expectsContinue) {
            return turned(
                    ingress.dialect(),
                    Refusal.invalid("expect: only 100-continue is accepted", null));
        }
        var query = request.query();
        boolean asksMore = query != null && !query.isEmpty() && !query.matches("key=[^&]*");
        if (ingress.operation() == Operation.PASS && asksMore) {
            return turned(
                    ingress.dialect(),
                    Refusal.invalid(
                            "a query is not accepted here: an endpoint that passes as it is has"
                                    + " none",
                            null));
        }
        long announced = announced(headers.get(Names.CONTENT_LENGTH));
        if (announced > loop.settings().maxBodyBytes()) {
            return turned(ingress.dialect(), tooLarge(loop));
        }
        return switch (Wishes.of(headers)) {
            case Wishes.Wrong wrong -> turned(ingress.dialect(), wrong.refusal());
            case Wishes.Told told ->
                    new Welcome(ingress, applied, caller, expectsContinue, told.ceiling());
        };
    }

    static Refusal tooLarge(LoopParts loop) {
        return Refusal.of(
                ErrorKind.REQUEST_TOO_LARGE,
                "the body is larger than " + loop.settings().maxBodyBytes() + " bytes",
                Outcome.INVALID_REQUEST);
    }

    private static Arrival unknown(HttpServerRequest request, String path, boolean anthropic) {
        boolean wrongMethod = false;
        var allowed = new StringBuilder();
        for (var method : new String[] {"GET", "POST"}) {
            var other = IngressPath.parse(method, path, request.query(), anthropic);
            // a method after a colon that is none, such as models/x:unknown, is no model's name
            boolean model = other != null && other.operation() == Operation.GET_MODEL;
            if (other != null && !(model && path.lastIndexOf(':') > path.lastIndexOf('/'))) {
                wrongMethod = true;
                allowed.append(allowed.isEmpty() ? "" : ", ").append(method);
            }
        }
        var dialect = IngressPath.nearestDialect(path);
        var message =
                wrongMethod
                        ? "method "
                                + request.method().name()
                                + " is not allowed here: use "
                                + allowed
                        : noSuchEndpoint(path, dialect);
        return new Turned(
                dialect,
                Refusal.of(ErrorKind.NOT_FOUND, message, Outcome.NOT_FOUND),
                wrongMethod ? allowed.toString() : null);
    }

    private static String noSuchEndpoint(String path, Dialect dialect) {
        if (dialect == Dialect.ANTHROPIC && path.endsWith("/embeddings")) {
            return "the API of Anthropic has no embeddings: use /v1/embeddings, or"
                    + " /v1beta/models/MODEL:embedContent";
        }
        return "there is no such endpoint: see /v1/chat/completions, /v1/messages,"
                + " /v1beta/models/MODEL:generateContent and /v1/models; others pass if a"
                + " ModelProvider declares them in spec.passThrough";
    }

    private static Arrival turned(Dialect dialect, Refusal refusal) {
        return new Turned(dialect, refusal, null);
    }

    /** Netty has refused what is no number. */
    private static long announced(@Nullable String contentLength) {
        try {
            return contentLength == null ? -1 : Long.parseLong(contentLength.trim());
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
