package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.judge.Judge;
import dev.tollgate.dialects.judge.Judgement;
import dev.tollgate.policy.attempt.Assessment;
import dev.tollgate.policy.attempt.CascadeRule;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.SelectionEntry.Cascade;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The cascade of one request (api.md, R16): which answers are held back until they are judged, and
 * the best of those that were not good enough. {@link CascadeRule} decides, {@link Judge} reads.
 */
final class Steps {

    private final LoopParts loop;
    private final Resolution.Resolved found;
    private final Cascade cascade;
    private final boolean sse;
    private final Tally tally;
    private final Reply reply;
    private @Nullable Judge judge;
    private @Nullable Kept best;

    private Steps(
            LoopParts loop,
            Resolution.Resolved found,
            Cascade cascade,
            boolean sse,
            Tally tally,
            Reply reply) {
        this.loop = loop;
        this.found = found;
        this.cascade = cascade;
        this.sse = sse;
        this.tally = tally;
        this.reply = reply;
    }

    /**
     * Null: the rule is no cascade, or the answer is nothing that can be judged.
     *
     * @param sse whether a stream to the client is one of server-sent events
     */
    static @Nullable Steps of(
            LoopParts loop, Resolution.Resolved found, boolean sse, Tally tally, Reply reply) {
        var cascade = found.plan().selection().cascade();
        return cascade == null || found.scan().operation() != Operation.GENERATE
                ? null
                : new Steps(loop, found, cascade, sse, tally, reply);
    }

    /** Whether the answer of this target is held back. */
    boolean judges(RoutePlan plan, Candidate candidate) {
        return CascadeRule.judges(
                plan, tally.attempts, candidate, loop.targets(), Instant.now(), loop.random());
    }

    /** What is wrong with an answer, in the client's dialect; null: it is good enough. */
    @Nullable Assessment flaws(byte[] body, boolean stream) {
        var judged = stream ? judge().stream(body) : judge().answer(body);
        var assessment = assessment(judged);
        return CascadeRule.isPoor(cascade, assessment) ? assessment : null;
    }

    private Judge judge() {
        var made = judge;
        if (made == null) {
            made = Judge.of(found.scan().dialect(), found.body(), sse);
            judge = made;
        }
        return made;
    }

    private static Assessment assessment(Judgement judged) {
        return new Assessment(
                judged.empty(),
                judged.truncated(),
                judged.refused(),
                judged.invalidJson(),
                judged.doubtful(),
                judged.confidencePercent());
    }

    /** The best so far is kept; of two that are worth the same the later, dearer one. */
    void keep(Kept answer) {
        var before = best;
        if (before == null || answer.poverty() <= before.poverty()) {
            best = answer;
        }
    }

    boolean hasAnswer() {
        return best != null;
    }

    /**
     * Gives the client the best answer so far.
     *
     * @return false: there is none
     */
    boolean deliver() {
        var answer = best;
        if (answer == null) {
            return false;
        }
        best = null;
        tally.servedBy(answer.candidate(), answer.usage());
        reply.dropped(answer.dropped());
        reply.limitedTo(answer.limit());
        if (answer.stream()) {
            tally.firstTokenNanos = System.nanoTime() - tally.startNanos;
            reply.open(answer.head(), answer.sameDialect(), found.scan().dialect(), sse);
            reply.response().end(Bytes.wrap(answer.body()));
        } else {
            reply.answer(answer.head(), answer.sameDialect(), answer.body());
        }
        return true;
    }
}
