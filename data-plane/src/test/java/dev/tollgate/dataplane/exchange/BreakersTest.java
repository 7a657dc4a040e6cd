package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.budget.TimeSource;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** {@code spec.breaker} of a provider, in a time of the test's own; api.md, P7. */
class BreakersTest {

    private static final class Clock implements TimeSource {
        private long millis = 1_000_000;

        @Override
        public long nanos() {
            return millis * 1_000_000;
        }

        @Override
        public Instant now() {
            return Instant.ofEpochMilli(millis);
        }
    }

    private final Clock clock = new Clock();
    private final TargetStates states = new TargetStates(() -> 1, clock);
    private Candidate candidate;

    private void breaker(int failures, long openMillis, long maxOpenMillis, int probes) {
        var provider =
                Snapshots.broken(
                        Snapshots.provider("a", "openai-chat", "http://127.0.0.1:1/v1"),
                        new ProviderEntry.Breaker(failures, openMillis, maxOpenMillis, probes));
        var model = provider.models().getFirst();
        candidate =
                new Candidate(
                        new RuleEntry.TargetEntry(
                                "a", provider.key(), model.name(), null, 0, 1, null),
                        provider,
                        model);
    }

    private boolean mayCall() {
        return states.acquire(candidate, 1);
    }

    private void ends(Outcome outcome) {
        states.done(candidate, outcome, 1_000_000, -1, 0, clock.now());
    }

    private void fails(int times) {
        for (int i = 0; i < times; i++) {
            assertThat(mayCall()).isTrue();
            ends(new Outcome.ServerError(500, null));
        }
    }

    private boolean isOpen() {
        return states.of(candidate.provider().key(), candidate.model().name()).circuitOpen();
    }

    /** It is open for exactly so long, and then lets a probe through. */
    private void opensFor(long millis) {
        clock.millis += millis;
        assertThat(isOpen()).as("for %d ms", millis).isTrue();
        assertThat(mayCall()).isFalse();
        clock.millis += 1;
        assertThat(isOpen()).as("after %d ms", millis).isFalse();
        assertThat(mayCall()).isTrue();
    }

    @Test
    void opensAfterAsManyFailuresInARowAsTheProviderSays() {
        breaker(5, 1_000, 1_000, 1);
        fails(4);
        assertThat(mayCall()).isTrue();
        ends(new Outcome.Success());
        fails(4);
        assertThat(isOpen()).isFalse();
        fails(1);
        assertThat(isOpen()).isTrue();
    }

    @Test
    void staysOpenTwiceAsLongAfterEachFailedProbeUpToItsBound() {
        breaker(2, 1_000, 3_000, 1);
        fails(2);
        opensFor(1_000);
        ends(new Outcome.ServerError(500, null));
        opensFor(2_000);
        ends(new Outcome.ServerError(500, null));
        opensFor(3_000);
        ends(new Outcome.Success());
        fails(2);
        opensFor(1_000);
    }

    @Test
    void letsAsManyProbesThroughAsTheProviderSays() {
        breaker(1, 1_000, 1_000, 3);
        fails(1);
        clock.millis += 1_001;
        assertThat(mayCall()).isTrue();
        assertThat(mayCall()).isTrue();
        assertThat(mayCall()).isTrue();
        assertThat(mayCall()).isFalse();
    }

    @Test
    void aClientsOwnFaultsAndPoorAnswersAreNoErrorsOfTheTarget() {
        breaker(100, 1_000, 1_000, 1);
        for (int i = 0; i < 3; i++) {
            assertThat(mayCall()).isTrue();
            ends(new Outcome.ClientFault(400));
            assertThat(mayCall()).isTrue();
            ends(new Outcome.Poor());
        }
        assertThat(errorPermille()).isZero();
        fails(6);
        clock.millis += 1_000;
        assertThat(errorPermille()).isEqualTo(500);
    }

    private int errorPermille() {
        return states.of(candidate.provider().key(), candidate.model().name()).errorPermille();
    }
}
