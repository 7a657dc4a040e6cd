package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.telemetry.RequestSpan;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * The request that is tried: what all its attempts have in common.
 *
 * @param recall its part in the cache; null: none
 */
record Asked(
        LoopParts loop,
        HttpServerRequest request,
        Arrival.Welcome welcome,
        Resolution.Resolved found,
        Entrance entrance,
        RequestSpan span,
        Tally tally,
        Reply reply,
        @Nullable Recall recall) {

    /**
     * @param beside null: no other attempt runs
     */
    Opening opening(
            Opening.Owner owner,
            RoutePlan plan,
            Candidate candidate,
            Opening.@Nullable Beside beside) {
        return new Opening(
                owner, loop, welcome, found, plan, candidate, entrance, tally, reply, beside);
    }

    /** The next attempt, which is to be started. */
    Trial trial(
            Trial.Owner owner,
            RoutePlan plan,
            Opening.Opened opened,
            long deadlineNanos,
            @Nullable Steps steps,
            boolean raced) {
        var candidate = opened.candidate();
        var held = opened.held();
        var capture = Remembered.capture(recall, found, candidate, held, opened.ready().dropped());
        tally.started++;
        return new Trial(
                owner,
                loop,
                request,
                reply,
                tally,
                new TrialTerms(
                        tally.started,
                        welcome,
                        found,
                        plan,
                        candidate,
                        held,
                        opened.bridge(),
                        capture,
                        deadlineNanos,
                        steps,
                        raced,
                        opened.hold()),
                opened.reservation());
    }
}
