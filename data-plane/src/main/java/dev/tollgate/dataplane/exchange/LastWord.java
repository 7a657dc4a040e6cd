package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.record.UsageRecord;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.count.TokenEstimate;
import dev.tollgate.policy.attempt.Outcome;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What the client is told when no attempt succeeded: the last one's failure. */
sealed interface LastWord {

    /** A fault of the request, in the provider's own bytes, which are of the client's dialect. */
    record Verbatim(int status, byte[] body) implements LastWord {}

    /** A count of tokens that nobody gave, guessed. */
    record Estimated(byte[] body) implements LastWord {}

    /**
     * @param exhausted the gateway has tried what can be tried: the client should not try again
     */
    record Own(Refusal refusal, boolean exhausted) implements LastWord {}

    /** A proxy that is full has room again soon, but not for all at the same time. */
    int FULL_RETRY_SECONDS = 5;

    static LastWord of(
            Call.Failure failure,
            Tally tally,
            RequestScan scan,
            Dialect client,
            RandomGenerator random) {
        if (hasNoCounter(scan, tally, failure)) {
            return new Estimated(TokenEstimate.answer(scan));
        }
        var last = tally.attempts.getLast();
        var provider = Tally.bareName(last.candidate().provider().key());
        return switch (last.outcome()) {
            case Outcome.ClientFault fault -> {
                boolean same = Resolution.keeps(client, last.candidate().provider());
                if (same && isJson(failure.body())) {
                    yield new Verbatim(fault.status(), failure.body());
                }
                var error = failure.error();
                yield own(
                        error == null ? ErrorKind.INVALID_REQUEST : error.kind(),
                        error == null
                                ? "provider " + provider + " refused the request"
                                : error.message(),
                        null,
                        UsageRecord.Outcome.INVALID_REQUEST);
            }
            case Outcome.RateLimited limited ->
                    own(
                            ErrorKind.RATE_LIMITED,
                            "provider " + provider + " is rate limiting the gateway: try later",
                            limited.retryAfter(),
                            UsageRecord.Outcome.RATE_LIMITED);
            case Outcome.ServerError error ->
                    own(
                            failure.error() == null ? ErrorKind.UPSTREAM : failure.error().kind(),
                            "provider " + provider + " failed: " + reason(failure),
                            error.retryAfter(),
                            UsageRecord.Outcome.PROVIDER_ERROR);
            case Outcome.Timeout t ->
                    own(
                            ErrorKind.TIMEOUT,
                            "provider " + provider + " did not answer in time",
                            null,
                            UsageRecord.Outcome.TIMEOUT);
            case Outcome.ConnectFailure c ->
                    own(
                            ErrorKind.UPSTREAM,
                            failure.sent()
                                    ? "the connection to provider " + provider + " was lost"
                                    : "provider " + provider + " cannot be reached",
                            null,
                            UsageRecord.Outcome.PROVIDER_ERROR);
            case Outcome.CredentialRejected c ->
                    own(
                            ErrorKind.UPSTREAM,
                            "provider "
                                    + provider
                                    + " does not accept the gateway's credential or account: tell"
                                    + " the platform team",
                            null,
                            UsageRecord.Outcome.PROVIDER_ERROR);
            case Outcome.NoFreeConnection n ->
                    new Own(
                            new Refusal(
                                    ErrorKind.OVERLOADED,
                                    "all connections to provider "
                                            + provider
                                            + " are in use: try again in a moment",
                                    null,
                                    Duration.ofSeconds(1 + random.nextInt(FULL_RETRY_SECONDS)),
                                    UsageRecord.Outcome.OVERLOADED),
                            false);
            case Outcome.Success s ->
                    throw new IllegalStateException("outcome: Success (expected: a failure)");
            case Outcome.Poor p ->
                    throw new IllegalStateException("outcome: Poor (expected: its answer)");
        };
    }

    /** A server that should count the tokens of another dialect and knows no such endpoint. */
    private static boolean hasNoCounter(RequestScan scan, Tally tally, Call.Failure failure) {
        var provider = tally.attempts.getLast().candidate().provider();
        int status = failure.status();
        return scan.operation() == Operation.COUNT_TOKENS
                && scan.dialect() != Dialect.OPENAI_CHAT
                && provider.dialect().equals(Dialect.OPENAI_CHAT.wireName())
                && (status == 404 || status == 405 || status == 501)
                && TokenEstimate.isPossible(scan);
    }

    private static LastWord own(
            ErrorKind kind,
            String message,
            @Nullable Duration retryAfter,
            UsageRecord.Outcome outcome) {
        return new Own(new Refusal(kind, message, null, retryAfter, outcome), true);
    }

    private static String reason(Call.Failure failure) {
        return failure.status() >= 400
                ? "status " + failure.status()
                : failure.word().replace('_', ' ');
    }

    private static boolean isJson(byte[] body) {
        for (byte b : body) {
            if (b == '{' || b == '[') {
                return true;
            }
            if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                return false;
            }
        }
        return false;
    }
}
