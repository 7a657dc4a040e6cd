package dev.tollgate.policy.attempt;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How one upstream call ended, before any byte of it went to the client. */
public sealed interface Outcome {

    record Success() implements Outcome {}

    /**
     * 429, but for a spent quota.
     *
     * @param retryAfter what the provider asked for, null: nothing
     */
    record RateLimited(@Nullable Duration retryAfter) implements Outcome {}

    /**
     * 5xx, 529, and 409 of Anthropic.
     *
     * @param retryAfter what the provider asked for, null: nothing
     */
    record ServerError(int status, @Nullable Duration retryAfter) implements Outcome {}

    /** No answer, or no first byte, in time; 408 too. */
    record Timeout() implements Outcome {}

    /** No connection, or it broke before the first byte. */
    record ConnectFailure() implements Outcome {}

    /** The request is at fault, or the provider will not serve it: another 4xx. */
    record ClientFault(int status) implements Outcome {}

    /**
     * The provider refuses our own credential or its account has no money left: 401, 402, 403, and
     * 429 with a quota code. Another try there is useless, another target may serve.
     */
    record CredentialRejected(int status) implements Outcome {}

    /**
     * All connections that this proxy opens to the provider were in use for too long: says nothing
     * about the provider. Another try there is useless, another target may serve.
     */
    record NoFreeConnection() implements Outcome {}

    /** A whole answer that is not good enough for a cascade; says nothing about the target. */
    record Poor() implements Outcome {}

    /** Whether a circuit counts it as a failure of the target; api.md, P7. */
    default boolean countsAgainstTarget() {
        return switch (this) {
            case RateLimited r -> true;
            case ServerError s -> true;
            case Timeout t -> true;
            case ConnectFailure c -> true;
            case CredentialRejected c -> true;
            case Success s -> false;
            case ClientFault c -> false;
            case NoFreeConnection n -> false;
            case Poor p -> false;
        };
    }
}
