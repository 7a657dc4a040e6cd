package dev.tollgate.dataplane.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import java.util.List;

/**
 * Attribute names of the OpenTelemetry conventions for generative AI, profile v1.41, of HTTP, and
 * Tollgate's own. The one table of names (protocols.md, 10.1).
 */
final class GenAi {

    static final AttributeKey<String> OPERATION = key("gen_ai.operation.name");
    static final AttributeKey<String> PROVIDER = key("gen_ai.provider.name");
    static final AttributeKey<String> REQUEST_MODEL = key("gen_ai.request.model");
    static final AttributeKey<Boolean> REQUEST_STREAM =
            AttributeKey.booleanKey("gen_ai.request.stream");
    static final AttributeKey<Long> REQUEST_MAX_TOKENS =
            AttributeKey.longKey("gen_ai.request.max_tokens");
    static final AttributeKey<Long> REQUEST_CHOICES =
            AttributeKey.longKey("gen_ai.request.choice.count");
    static final AttributeKey<String> RESPONSE_MODEL = key("gen_ai.response.model");
    static final AttributeKey<List<String>> FINISH_REASONS =
            AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");
    static final AttributeKey<Double> TIME_TO_FIRST_CHUNK =
            AttributeKey.doubleKey("gen_ai.response.time_to_first_chunk");
    static final AttributeKey<Long> INPUT_TOKENS =
            AttributeKey.longKey("gen_ai.usage.input_tokens");
    static final AttributeKey<Long> OUTPUT_TOKENS =
            AttributeKey.longKey("gen_ai.usage.output_tokens");
    static final AttributeKey<Long> CACHE_READ_TOKENS =
            AttributeKey.longKey("gen_ai.usage.cache_read.input_tokens");
    static final AttributeKey<Long> CACHE_CREATION_TOKENS =
            AttributeKey.longKey("gen_ai.usage.cache_creation.input_tokens");
    static final AttributeKey<Long> REASONING_TOKENS =
            AttributeKey.longKey("gen_ai.usage.reasoning.output_tokens");
    static final AttributeKey<Double> COST = AttributeKey.doubleKey("gen_ai.usage.cost");

    static final AttributeKey<String> SERVER_ADDRESS = key("server.address");
    static final AttributeKey<Long> SERVER_PORT = AttributeKey.longKey("server.port");
    static final AttributeKey<String> ERROR_TYPE = key("error.type");
    static final AttributeKey<String> HTTP_METHOD = key("http.request.method");
    static final AttributeKey<Long> HTTP_STATUS = AttributeKey.longKey("http.response.status_code");
    static final AttributeKey<String> HTTP_ROUTE = key("http.route");
    static final AttributeKey<String> URL_PATH = key("url.path");
    static final AttributeKey<String> URL_SCHEME = key("url.scheme");
    static final AttributeKey<String> PROTOCOL_VERSION = key("network.protocol.version");

    static final AttributeKey<String> REQUEST_ID = key("tollgate.request_id");
    static final AttributeKey<String> TEAM = key("tollgate.team");
    static final AttributeKey<String> CALLER = key("tollgate.caller");
    static final AttributeKey<String> ROUTE = key("tollgate.route");
    static final AttributeKey<String> STRATEGY = key("tollgate.strategy");
    static final AttributeKey<String> COMPLEXITY_CLASS = key("tollgate.complexity.class");
    static final AttributeKey<Long> COMPLEXITY_SCORE =
            AttributeKey.longKey("tollgate.complexity.score");
    static final AttributeKey<String> TOLLGATE_PROVIDER = key("tollgate.provider");
    static final AttributeKey<String> MODEL = key("tollgate.model");
    static final AttributeKey<String> MODEL_REQUESTED = key("tollgate.model_requested");
    static final AttributeKey<String> CLIENT_DIALECT = key("tollgate.client_dialect");
    static final AttributeKey<String> OUTCOME = key("tollgate.outcome");
    static final AttributeKey<Boolean> FALLBACK_USED =
            AttributeKey.booleanKey("tollgate.fallback_used");
    static final AttributeKey<Boolean> CACHE_HIT = AttributeKey.booleanKey("tollgate.cache_hit");
    static final AttributeKey<Long> ATTEMPTS = AttributeKey.longKey("tollgate.attempts");
    static final AttributeKey<Long> ATTEMPT = AttributeKey.longKey("tollgate.attempt");
    static final AttributeKey<List<String>> BUDGETS =
            AttributeKey.stringArrayKey("tollgate.budgets");
    static final AttributeKey<List<String>> BUDGET_STEPS =
            AttributeKey.stringArrayKey("tollgate.budget_steps");
    static final AttributeKey<List<String>> BUDGET_SHADOW =
            AttributeKey.stringArrayKey("tollgate.budget_shadow");
    static final AttributeKey<String> COST_USD = key("tollgate.cost_usd");
    static final AttributeKey<String> COST_SOURCE = key("tollgate.cost_source");
    static final AttributeKey<Boolean> COST_ASSUMED =
            AttributeKey.booleanKey("tollgate.cost_assumed");
    static final AttributeKey<Double> TTFT_MS = AttributeKey.doubleKey("tollgate.ttft_ms");

    private GenAi() {}

    private static AttributeKey<String> key(String name) {
        return AttributeKey.stringKey(name);
    }
}
