package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.TimeSource;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One (provider, model) in {@link TargetStates}: its circuit and its figures. Any thread. */
final class SeenTarget {

    private static final class BreakerClock extends Clock {
        private final TimeSource time;

        BreakerClock(TimeSource time) {
            this.time = time;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException("zone: a breaker asks for no other");
        }

        @Override
        public Instant instant() {
            return time.now();
        }
    }

    private static final class CountedFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CountedFailure() {
            super(null, null, false, false);
        }
    }

    private static final CountedFailure FAILURE = new CountedFailure();

    final ProviderEntry.Breaker settings;
    final CircuitBreaker breaker;
    volatile @Nullable Instant notBefore;
    volatile @Nullable Instant quotaUntil;
    volatile long latencyMillis = -1;
    volatile int errorPermille;
    volatile long errorsReadSecond;
    final MovingAverage firstTokenMicros = new MovingAverage();
    final MovingAverage answerMicros = new MovingAverage();
    volatile boolean credentialRejected;
    final LastMinute lastMinute = new LastMinute();

    SeenTarget(ProviderEntry.Breaker settings, String name, TimeSource time) {
        this.settings = settings;
        this.breaker = CircuitBreaker.of(name, config(settings, time));
    }

    /** As many failures in a row as the window holds: a rate of 100 %. */
    private static CircuitBreakerConfig config(ProviderEntry.Breaker settings, TimeSource time) {
        return CircuitBreakerConfig.custom()
                .clock(new BreakerClock(time))
                .slidingWindow(
                        settings.consecutiveFailures(),
                        settings.consecutiveFailures(),
                        SlidingWindowType.COUNT_BASED)
                .failureRateThreshold(100)
                .permittedNumberOfCallsInHalfOpenState(settings.halfOpenProbes())
                .waitIntervalFunctionInOpenState(
                        IntervalFunction.ofExponentialBackoff(
                                Duration.ofMillis(settings.openMillis()),
                                2,
                                Duration.ofMillis(
                                        Math.max(settings.openMillis(), settings.maxOpenMillis()))))
                .writableStackTraceEnabled(false)
                .build();
    }

    /** A call has ended, and says something about the target. */
    void done(Outcome outcome, long latencyNanos, long firstTokenNanos, Instant now, long nanos) {
        lastMinute.count(now.getEpochSecond(), outcome.countsAgainstTarget());
        credentialRejected = outcome instanceof Outcome.CredentialRejected;
        if (outcome.countsAgainstTarget()) {
            breaker.onError(latencyNanos, TimeUnit.NANOSECONDS, FAILURE);
        } else {
            breaker.onSuccess(latencyNanos, TimeUnit.NANOSECONDS);
            latencyMillis = TimeUnit.NANOSECONDS.toMillis(latencyNanos);
        }
        measured(outcome, latencyNanos, firstTokenNanos, nanos);
        var wait =
                switch (outcome) {
                    case Outcome.RateLimited limited -> limited.retryAfter();
                    case Outcome.ServerError error -> error.retryAfter();
                    case Outcome.Success s -> null;
                    case Outcome.Timeout t -> null;
                    case Outcome.ConnectFailure c -> null;
                    case Outcome.ClientFault c -> null;
                    case Outcome.CredentialRejected c -> null;
                    case Outcome.NoFreeConnection n -> null;
                    case Outcome.Poor p -> null;
                };
        if (wait != null) {
            notBefore = now.plus(wait);
        } else if (outcome instanceof Outcome.Success && notBefore != null) {
            notBefore = null;
        }
    }

    /** Its first token, or its answer, had not come after so long: that counts if it is news. */
    void outrun(boolean stream, long nanos, long now) {
        var average = stream ? firstTokenMicros : answerMicros;
        long micros = TimeUnit.NANOSECONDS.toMicros(nanos);
        if (micros > average.value()) {
            average.add(micros, now);
        }
    }

    /** What took too long is slow; other failures say nothing about the time of an answer. */
    private void measured(Outcome outcome, long latencyNanos, long firstTokenNanos, long now) {
        if (outcome instanceof Outcome.Success || outcome instanceof Outcome.Timeout) {
            answerMicros.add(TimeUnit.NANOSECONDS.toMicros(latencyNanos), now);
        }
        if (firstTokenNanos >= 0) {
            firstTokenMicros.add(TimeUnit.NANOSECONDS.toMicros(firstTokenNanos), now);
        }
    }

    /** Counted anew once a second. */
    int errorPermille(long second) {
        if (errorsReadSecond != second) {
            errorsReadSecond = second;
            long requests = lastMinute.requests(second);
            errorPermille =
                    requests == 0 ? 0 : (int) (lastMinute.errors(second) * 1_000 / requests);
        }
        return errorPermille;
    }

    /** Asks without taking: an open circuit whose time is over turns half-open by the question. */
    boolean letsThrough() {
        if (breaker.getState() == CircuitBreaker.State.CLOSED) {
            return true;
        }
        if (breaker.tryAcquirePermission()) {
            breaker.releasePermission();
            return true;
        }
        return false;
    }

    TargetStates.Circuit circuit() {
        return switch (breaker.getState()) {
            case CLOSED, DISABLED, METRICS_ONLY -> TargetStates.Circuit.CLOSED;
            case HALF_OPEN -> TargetStates.Circuit.HALF_OPEN;
            case OPEN, FORCED_OPEN -> TargetStates.Circuit.OPEN;
        };
    }
}
