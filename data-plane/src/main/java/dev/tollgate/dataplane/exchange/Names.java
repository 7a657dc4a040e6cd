package dev.tollgate.dataplane.exchange;

import io.netty.util.AsciiString;
import java.util.List;

/** Names and fixed values of headers. */
final class Names {
    static final AsciiString CONTENT_TYPE = AsciiString.cached("content-type");
    static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length");
    static final AsciiString HOST = AsciiString.cached("host");
    static final AsciiString CONTENT_ENCODING = AsciiString.cached("content-encoding");
    static final AsciiString TRANSFER_ENCODING = AsciiString.cached("transfer-encoding");
    static final AsciiString UPGRADE = AsciiString.cached("upgrade");
    static final AsciiString EXPECT = AsciiString.cached("expect");
    static final AsciiString ACCEPT = AsciiString.cached("accept");
    static final AsciiString ALLOW = AsciiString.cached("allow");
    static final AsciiString AUTHORIZATION = AsciiString.cached("authorization");
    static final AsciiString CACHE_CONTROL = AsciiString.cached("cache-control");
    static final AsciiString AGE = AsciiString.cached("age");
    static final AsciiString CONNECTION = AsciiString.cached("connection");
    static final AsciiString USER_AGENT = AsciiString.cached("user-agent");
    static final AsciiString RETRY_AFTER = AsciiString.cached("retry-after");
    static final AsciiString RETRY_AFTER_MS = AsciiString.cached("retry-after-ms");
    static final AsciiString SHOULD_RETRY = AsciiString.cached("x-should-retry");
    static final AsciiString TRACEPARENT = AsciiString.cached("traceparent");
    static final AsciiString X_API_KEY = AsciiString.cached("x-api-key");
    static final AsciiString X_GOOG_API_KEY = AsciiString.cached("x-goog-api-key");
    static final AsciiString ANTHROPIC_VERSION = AsciiString.cached("anthropic-version");
    static final AsciiString ANTHROPIC_BETA = AsciiString.cached("anthropic-beta");

    static final AsciiString REQUEST_ID = AsciiString.cached("x-tollgate-request-id");
    static final AsciiString PROVIDER = AsciiString.cached("x-tollgate-provider");
    static final AsciiString MODEL = AsciiString.cached("x-tollgate-model");
    static final AsciiString ROUTE = AsciiString.cached("x-tollgate-route");
    static final AsciiString ATTEMPTS = AsciiString.cached("x-tollgate-attempts");
    static final AsciiString CACHE = AsciiString.cached("x-tollgate-cache");
    static final AsciiString BUDGET_STEP = AsciiString.cached("x-tollgate-budget-step");
    static final AsciiString BUDGET_SHADOW = AsciiString.cached("x-tollgate-budget-shadow");
    static final AsciiString BUDGET = AsciiString.cached("x-tollgate-budget");
    static final AsciiString COST = AsciiString.cached("x-tollgate-cost-usd");
    static final AsciiString MAX_TOKENS = AsciiString.cached("x-tollgate-max-tokens");
    static final AsciiString MAX_COST = AsciiString.cached("x-tollgate-max-cost");
    static final AsciiString QUALITY_HINT = AsciiString.cached("x-quality-hint");
    static final AsciiString ESTIMATED = AsciiString.cached("x-tollgate-estimated");
    static final AsciiString DROPPED = AsciiString.cached("x-tollgate-dropped");

    /** What a body of any kind needs to be read. */
    static final List<AsciiString> OF_A_BODY =
            List.of(
                    CONTENT_TYPE,
                    CONTENT_LENGTH,
                    CONTENT_ENCODING,
                    AsciiString.cached("content-disposition"),
                    AsciiString.cached("content-language"));

    static final AsciiString JSON = AsciiString.cached("application/json");
    static final AsciiString EVENT_STREAM = AsciiString.cached("text/event-stream");
    static final AsciiString EVENT_STREAM_UTF8 =
            AsciiString.cached("text/event-stream; charset=utf-8");
    static final AsciiString FALSE = AsciiString.cached("false");
    static final AsciiString CLOSE = AsciiString.cached("close");
    static final AsciiString NO_CACHE = AsciiString.cached("no-cache");
    static final AsciiString AGENT = AsciiString.cached("tollgate");

    private Names() {}
}
