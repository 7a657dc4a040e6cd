package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Usage;
import dev.tollgate.policy.attempt.CascadeRule;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import io.vertx.core.http.HttpClientResponse;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What was decided about an attempt.
 *
 * @param number in the order in which the request's attempts are sent, from 1
 * @param capture null: its answer is not kept
 * @param steps judges its answer, which is held back until then; null: nobody does
 * @param raced another target may be asked as long as no token has come: nothing of a stream goes
 *     out before that
 * @param hold extends what is held as the answer grows; null: the whole bound is held
 */
record TrialTerms(
        int number,
        Arrival.Welcome arrival,
        Resolution.Resolved resolved,
        RoutePlan plan,
        Candidate candidate,
        Quote.Held held,
        Bridge bridge,
        @Nullable Capture capture,
        long deadlineNanos,
        @Nullable Steps steps,
        boolean raced,
        @Nullable StreamHold hold) {

    /** The answer as a stream, on its way to the client. */
    AnswerStream stream(Tally tally) {
        var terms = answerTerms(tally);
        return hold == null ? bridge.stream(terms) : bridge.limitedStream(terms);
    }

    /** How its answer is to be read. */
    Bridge.AnswerTerms answerTerms(Tally tally) {
        var asked = resolved.model();
        boolean mapped = plan.answersRequestedModel() && !asked.equals(candidate.model().name());
        return new Bridge.AnswerTerms(
                resolved.scan(),
                resolved.body(),
                mapped ? asked : null,
                arrival.ingress().sse(),
                tally.requestId,
                TimeUnit.MILLISECONDS.toSeconds(tally.startMillis));
    }

    /** Null: nobody judges the answer, or it is good enough. */
    @Nullable Kept poor(
            HttpClientResponse head,
            boolean sameDialect,
            boolean stream,
            byte[] body,
            @Nullable Usage usage,
            Reply reply) {
        var flaws = steps == null ? null : steps.flaws(body, stream);
        return flaws == null
                ? null
                : new Kept(
                        candidate,
                        head,
                        sameDialect,
                        stream,
                        body,
                        CascadeRule.poverty(flaws),
                        usage,
                        reply.dropped(),
                        reply.limit());
    }
}
