package dev.tollgate.operator.kube;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RetriesTest {

    @Test
    void neverGiveUpAndAreAtMostAMinuteApart() {
        var execution = Reconcilers.retries().initExecution();
        for (int failure = 1; failure <= 100_000; failure++) {
            assertThat(execution.nextDelay())
                    .get()
                    .satisfies(d -> assertThat(d).isBetween(1L, 60_000L));
        }
        assertThat(execution.isLastAttempt()).isFalse();
    }
}
