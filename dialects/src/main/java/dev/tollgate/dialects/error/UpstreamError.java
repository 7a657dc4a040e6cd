package dev.tollgate.dialects.error;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a provider's error means (protocols.md, 5 and 6.3), whichever of its shapes it came in.
 *
 * @param kind as the client is to see it: a fault of the gateway's own credential or balance is
 *     {@link ErrorKind#UPSTREAM}
 * @param fault whose fault it is
 * @param status the provider's status; within a stream the one that the error names, else 0
 * @param message the provider's text where it is safe to show, without keys and account names; else
 *     ours
 * @param code the provider's code or type word, null if none
 * @param retryable whether another attempt at the same provider may succeed; whether the next
 *     target may, says {@link #nextTargetMayHelp}
 * @param retryAfter the wait that the body asks for, null if none
 */
public record UpstreamError(
        ErrorKind kind,
        Fault fault,
        int status,
        String message,
        @Nullable String code,
        boolean retryable,
        @Nullable Duration retryAfter) {

    /** Whether another target may answer the request: always, but for the client's own faults. */
    public boolean nextTargetMayHelp() {
        return fault != Fault.CLIENT;
    }

    /** Whose fault an error is. */
    public enum Fault {
        /** The request's: passed to the client, never retried. */
        CLIENT,
        /** The provider refuses the gateway's own key: the next target, not this one again. */
        CREDENTIAL,
        /** The gateway's account at the provider has no money or quota left: likewise. */
        BALANCE,
        /** The provider's own, or its limits on rate. */
        PROVIDER
    }

    private static final JsonMapper JSON = new JsonMapper();
    private static final int MAX_MESSAGE_LENGTH = 2_000;

    private static final Set<String> NO_BALANCE =
            Set.of(
                    "insufficient_quota",
                    "credit_balance_exhausted",
                    "enforced_spend_limit_reached",
                    "billing_hard_limit_reached",
                    "billing_not_active",
                    "billing_error",
                    "insufficient_balance",
                    "insufficient_credits");

    private static final Set<String> CONTENT_POLICY =
            Set.of("content_policy_violation", "content_filter", "responsibleaipolicyviolation");

    private static final Pattern SECRET =
            Pattern.compile(
                    "\\b(sk|gsk|xai|pk|rk|csk|hf|fw|tgp|pplx|AIza|ya29|org|proj|acct)[-_.][-\\w*.]{4,}"
                            + "|\\bAIza[-\\w*]{8,}|[\\w*]*\\*{4,}[\\w*]*");

    private static final Pattern TRY_AGAIN =
            Pattern.compile("try again in ((?:\\d+(?:\\.\\d+)?(?:ms|s|m|h)){1,4})");
    private static final Pattern AMOUNT = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h)");
    private static final Duration LONGEST_WAIT = Duration.ofDays(1);

    /** Reads the body of an answer whose status is not 2xx. */
    public static UpstreamError read(Dialect provider, int status, byte[] body) {
        return of(provider, status, facts(tree(body)));
    }

    /** Reads an error that came as an event of a stream whose status was 2xx. */
    public static UpstreamError inStream(Dialect provider, byte[] event) {
        var facts = facts(tree(event));
        return of(provider, facts.status(), facts);
    }

    /** Reads an error that is the whole answer though its status was 2xx; null: it is none. */
    public static @Nullable UpstreamError inAnswer(Dialect provider, byte[] body) {
        var tree = tree(body);
        var error = tree.path("error");
        if (!error.isObject() && error.asText("").isBlank()) {
            return null;
        }
        var facts = facts(tree);
        return of(provider, facts.status(), facts);
    }

    /** What the bodies of all shapes have in common. */
    private record Facts(
            int status,
            String message,
            @Nullable String code,
            @Nullable String type,
            String all,
            @Nullable Duration retryAfter,
            boolean dailyQuota) {}

    private static JsonNode tree(byte[] body) {
        try {
            var tree = JSON.readTree(body);
            return tree == null ? JSON.missingNode() : tree;
        } catch (IOException e) {
            return JSON.missingNode();
        }
    }

    private static Facts facts(JsonNode body) {
        var root = body.isArray() ? body.path(0) : body;
        var error = root.path("error");
        if (root.path("response").path("error").isObject()) {
            error = root.path("response").path("error");
        }
        if (!error.isObject()) {
            error = error.isTextual() ? textual(root, error.asText()) : root;
        }
        var inner = error.path("innererror").path("code").asText("");
        var code = word(error.path("code"));
        var type = word(error.path("type"));
        if (type == null) {
            type = word(error.path("status"));
        }
        var message = ErrorText.of(root, error);
        var raw = error.path("metadata").path("raw").asText("");
        var all = message + " " + code + " " + type + " " + inner + " " + raw;
        var details = new GoogleDetails(error.path("details"));
        if (details.reason() != null) {
            all += " " + details.reason();
        }
        var wait = details.retryDelay();
        if (wait == null) {
            wait = wait(cut(message));
        }
        if (wait == null && error.path("metadata").path("retry_after_seconds").isNumber()) {
            wait = bounded(error.path("metadata").path("retry_after_seconds").asDouble() * 1000);
        }
        return new Facts(number(error), message, code, type, all, wait, details.dailyQuota());
    }

    /** xAI, old servers: the text alone, with a code beside it. */
    private static JsonNode textual(JsonNode root, String message) {
        var error = JSON.createObjectNode().put("message", message);
        return root.path("code").isTextual()
                ? error.put("code", root.path("code").textValue())
                : error;
    }

    private static @Nullable String word(JsonNode node) {
        return node.isTextual() ? node.asText() : null;
    }

    /** The status that an error names itself. */
    private static int number(JsonNode error) {
        for (var name : new String[] {"status_code", "code", "status"}) {
            var node = error.path(name);
            if (node.isInt() && node.intValue() >= 400 && node.intValue() < 600) {
                return node.intValue();
            }
        }
        return 0;
    }

    private static UpstreamError of(Dialect provider, int status, Facts facts) {
        var all = facts.all().toLowerCase(Locale.ROOT);
        var code = facts.code() == null ? facts.type() : facts.code();
        if (isBalance(status, facts, all)) {
            return ours(
                    Fault.BALANCE,
                    status,
                    "the provider's account has no balance or quota left",
                    code);
        }
        if (status == 403 && "model_not_found".equals(facts.code())) {
            // OpenAI: of this model alone, so the credential is none to be given up
            return new UpstreamError(
                    ErrorKind.MODEL_NOT_FOUND,
                    Fault.PROVIDER,
                    status,
                    "the gateway's account at the provider may not use this model",
                    code,
                    false,
                    null);
        }
        if (isCredential(status, facts, all)) {
            return ours(
                    Fault.CREDENTIAL,
                    status,
                    "the provider refuses the gateway's credential",
                    code);
        }
        var kind = kind(provider, status, facts, all);
        boolean theirs =
                switch (kind) {
                    case RATE_LIMITED, OVERLOADED, TIMEOUT, UPSTREAM -> true;
                    default -> false;
                };
        // Groq: the request alone is above what the account may use in a minute
        boolean retryable = theirs && !facts.dailyQuota() && status != 413;
        return new UpstreamError(
                kind,
                theirs ? Fault.PROVIDER : Fault.CLIENT,
                status,
                shown(facts.message(), status),
                code,
                retryable,
                facts.retryAfter());
    }

    private static UpstreamError ours(
            Fault fault, int status, String message, @Nullable String code) {
        return new UpstreamError(ErrorKind.UPSTREAM, fault, status, message, code, false, null);
    }

    private static boolean isBalance(int status, Facts facts, String all) {
        return status == 402
                || facts.code() != null
                        && NO_BALANCE.contains(facts.code().toLowerCase(Locale.ROOT))
                || facts.type() != null
                        && NO_BALANCE.contains(facts.type().toLowerCase(Locale.ROOT))
                || all.contains("credit balance is too low")
                || all.contains("enforced_spend_limit_reached")
                || all.contains("insufficient balance")
                || all.contains("used all available credits")
                || all.contains("monthly spending limit");
    }

    private static boolean isCredential(int status, Facts facts, String all) {
        return status == 401
                || status == 403 && !isPolicy(all)
                || all.contains("api_key_invalid")
                || "authentication_error".equals(facts.type())
                || "invalid_api_key".equals(facts.code())
                || all.contains("incorrect api key provided")
                || all.contains("user location is not supported");
    }

    private static boolean isPolicy(String all) {
        for (var word : CONTENT_POLICY) {
            if (all.contains(word)) {
                return true;
            }
        }
        return all.contains("moderation")
                || all.contains("content filtering policy")
                || all.contains("violating our usage policy");
    }

    private static ErrorKind kind(Dialect provider, int status, Facts facts, String all) {
        if ((status == 0 || status >= 400 && status < 500 && status != 429)
                && ContextLength.isMeant(all)) {
            return ErrorKind.CONTEXT_LENGTH;
        }
        if (status < 500 && isPolicy(all)) {
            return ErrorKind.CONTENT_POLICY;
        }
        if (status == 400 && all.contains("payload size exceeds")) {
            return ErrorKind.REQUEST_TOO_LARGE;
        }
        return switch (status) {
            case 0 -> byType(facts);
            case 404 -> all.contains("model") ? ErrorKind.MODEL_NOT_FOUND : ErrorKind.NOT_FOUND;
            case 408, 504 -> ErrorKind.TIMEOUT;
            case 409 ->
                    provider == Dialect.ANTHROPIC ? ErrorKind.UPSTREAM : ErrorKind.INVALID_REQUEST;
            case 413 ->
                    "rate_limit_exceeded".equals(facts.code())
                            ? ErrorKind.RATE_LIMITED
                            : ErrorKind.REQUEST_TOO_LARGE;
            case 429 -> ErrorKind.RATE_LIMITED;
            case 498 -> odd(all);
            case 499 -> ErrorKind.UPSTREAM; // Google: cancelled, and not by us
            case 503, 529 -> ErrorKind.OVERLOADED;
            default -> status < 500 ? ErrorKind.INVALID_REQUEST : ErrorKind.UPSTREAM;
        };
    }

    /** Groq: no capacity for the flex tier. Cohere: blocked input or output. */
    private static ErrorKind odd(String all) {
        if (all.contains("capacity")) {
            return ErrorKind.OVERLOADED;
        }
        return all.contains("blocked") ? ErrorKind.CONTENT_POLICY : ErrorKind.INVALID_REQUEST;
    }

    /** Within a stream there is no status; the type word says it. */
    private static ErrorKind byType(Facts facts) {
        var word = String.valueOf(facts.code() == null ? facts.type() : facts.code());
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "overloaded_error", "unavailable", "overloaded" -> ErrorKind.OVERLOADED;
            case "rate_limit_error", "rate_limit_exceeded", "resource_exhausted" ->
                    ErrorKind.RATE_LIMITED;
            case "timeout_error", "timeout", "deadline_exceeded" -> ErrorKind.TIMEOUT;
            case "invalid_request_error", "invalid_prompt", "invalid_argument", "tool_use_failed" ->
                    ErrorKind.INVALID_REQUEST;
            case "not_found_error", "not_found" -> ErrorKind.NOT_FOUND;
            case "request_too_large" -> ErrorKind.REQUEST_TOO_LARGE;
            default -> ErrorKind.UPSTREAM;
        };
    }

    private static String shown(String message, int status) {
        if (message.isBlank()) {
            return status == 0
                    ? "the provider reported an error"
                    : "the provider answered with status " + status;
        }
        return SECRET.matcher(cut(message)).replaceAll("[redacted]");
    }

    private static String cut(String message) {
        return message.length() > MAX_MESSAGE_LENGTH
                ? message.substring(0, MAX_MESSAGE_LENGTH)
                : message;
    }

    private static @Nullable Duration wait(String message) {
        var matcher = TRY_AGAIN.matcher(message);
        return matcher.find() ? duration(matcher.group(1)) : null;
    }

    /** Reads {@code 6m0s}, {@code 7.66s}, {@code 250ms}. */
    static @Nullable Duration duration(String spelled) {
        var matcher = AMOUNT.matcher(spelled);
        double millis = 0;
        boolean found = false;
        while (matcher.find()) {
            found = true;
            double amount = Double.parseDouble(matcher.group(1));
            millis +=
                    switch (matcher.group(2)) {
                        case "ms" -> amount;
                        case "s" -> amount * 1_000;
                        case "m" -> amount * 60_000;
                        default -> amount * 3_600_000;
                    };
        }
        return found ? bounded(millis) : null;
    }

    private static Duration bounded(double millis) {
        return Duration.ofMillis(
                (long) Math.ceil(Math.min(Math.max(millis, 0), LONGEST_WAIT.toMillis())));
    }

    /** What Google attaches to an error. */
    private record GoogleDetails(
            @Nullable Duration retryDelay, @Nullable String reason, boolean dailyQuota) {

        GoogleDetails(JsonNode details) {
            this(delay(details), first(details, "reason"), details.toString().contains("PerDay"));
        }

        private static @Nullable Duration delay(JsonNode details) {
            var spelled = first(details, "retryDelay");
            return spelled == null ? null : duration(spelled);
        }

        private static @Nullable String first(JsonNode details, String name) {
            for (var detail : details) {
                if (detail.path(name).isTextual()) {
                    return detail.path(name).asText();
                }
            }
            return null;
        }
    }
}
