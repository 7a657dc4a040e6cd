package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.error.UpstreamError;
import dev.tollgate.policy.attempt.Outcome;

/**
 * What an error behind a status of 200, within a stream of which its client has nothing yet or in
 * place of an answer, says about its provider.
 */
final class StreamError {

    private static final byte[] EMPTY = {};

    /** What the head of every stream said, whatever it told later. */
    static final int STATUS = 200;

    private StreamError() {}

    static Call.Failure of(ErrorKind kind, String message) {
        var outcome = beforeFirstByte(kind);
        int status =
                switch (outcome) {
                    case Outcome.RateLimited r -> 429;
                    case Outcome.ClientFault c -> c.status();
                    case Outcome.ServerError s -> s.status();
                    case Outcome.Timeout t -> 0;
                    case Outcome.ConnectFailure c -> 0;
                    case Outcome.CredentialRejected c -> c.status();
                    case Outcome.NoFreeConnection n -> 0;
                    case Outcome.Success s -> 200;
                    case Outcome.Poor p -> 200;
                };
        var fault =
                outcome instanceof Outcome.ClientFault
                        ? UpstreamError.Fault.CLIENT
                        : UpstreamError.Fault.PROVIDER;
        return new Call.Failure(
                outcome,
                Call.word(outcome),
                status,
                true,
                new UpstreamError(kind, fault, status, message, null, false, null),
                EMPTY);
    }

    private static Outcome beforeFirstByte(ErrorKind kind) {
        return switch (kind) {
            case RATE_LIMITED -> new Outcome.RateLimited(null);
            case TIMEOUT -> new Outcome.Timeout();
            case OVERLOADED -> new Outcome.ServerError(529, null);
            case INVALID_REQUEST,
                    CONTEXT_LENGTH,
                    CONTENT_POLICY,
                    NOT_FOUND,
                    MODEL_NOT_FOUND,
                    REQUEST_TOO_LARGE,
                    REQUEST_TIMEOUT ->
                    new Outcome.ClientFault(400);
            case AUTHENTICATION,
                    PERMISSION,
                    BUDGET_EXHAUSTED,
                    BUDGET_RESERVED,
                    BUDGET_SUSPENDED,
                    BUDGET_UNBOUNDABLE,
                    BUDGET_LEDGER_UNAVAILABLE,
                    USAGE_LOG_UNAVAILABLE,
                    UPSTREAM,
                    NO_TARGET,
                    INTERNAL ->
                    new Outcome.ServerError(STATUS, null);
        };
    }
}
