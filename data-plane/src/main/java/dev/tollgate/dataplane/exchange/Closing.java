package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.dataplane.telemetry.AttemptSpan;
import dev.tollgate.dataplane.telemetry.OperationSeries;
import dev.tollgate.dataplane.telemetry.RequestSpan;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.Usage;
import dev.tollgate.policy.attempt.Attempt;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.price.Money;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The end of one attempt, which comes once, whoever ends it (budgets.md, 8): its money is settled,
 * and its target's figures, the request's record and its span are told.
 */
final class Closing {

    /** How a stream came to its end. */
    enum End {
        WHOLE,
        /** By the provider, though not as it should have ended. */
        BROKEN,
        /** By us, or by a connection that broke, which to the provider is the same. */
        CUT,
        /** Either of the two, while it was not read as fast as it came. */
        UNSEEN
    }

    /** The outcome of an attempt whose request another one answered. */
    static final String LOST = "hedge_lost";

    /** The outcome of an attempt that was ended as there was no money to extend its hold. */
    static final String LIMITED = "budget_ended";

    private static final String LENGTH = "length";

    /**
     * @param isFinal the provider bills by its figures
     */
    private record Facts(
            @Nullable Usage usage,
            boolean isFinal,
            @Nullable String finishReason,
            @Nullable String model) {}

    private final LoopParts loop;
    private final Tally tally;
    private final TrialTerms terms;
    private final Reservation reservation;
    private final Runnable freed;
    private final long startNanos = System.nanoTime();
    private @Nullable OperationSeries series;
    private @Nullable AttemptSpan span;
    private boolean sent;
    private boolean settled;
    private boolean charged;
    private boolean alone = true;
    private boolean lost;
    private boolean late;
    private long lostNanos;
    private long firstChunkNanos = -1;
    private long firstTokenNanos = -1;

    /**
     * @param freed called once the money is settled
     */
    Closing(
            LoopParts loop,
            Tally tally,
            TrialTerms terms,
            Reservation reservation,
            Runnable freed) {
        this.loop = loop;
        this.tally = tally;
        this.terms = terms;
        this.reservation = reservation;
        this.freed = freed;
    }

    // ---- on the way there

    void begins(Outgoing outgoing, RequestSpan request) {
        var scan = terms.resolved().scan();
        var provider = terms.candidate().provider();
        var operation = operationName(scan.operation(), outgoing.dialect());
        series =
                loop.metrics()
                        .operation(
                                operation,
                                provider.telemetryName(),
                                terms.candidate().model().name(),
                                outgoing.host(),
                                outgoing.port());
        if (!request.recorded()) {
            return;
        }
        span =
                request.attempt(
                        new RequestSpan.AttemptStart(
                                operation,
                                provider.telemetryName(),
                                provider.key(),
                                terms.candidate().model().name(),
                                outgoing.host(),
                                outgoing.port(),
                                terms.number(),
                                scan.stream(),
                                terms.held()
                                        .writtenLimit()
                                        .orElse(scan.maxOutputTokens().orElse(-1)),
                                scan.operation().embeds() ? 1 : scan.choices()));
    }

    private static String operationName(Operation operation, Dialect provider) {
        return switch (operation) {
            case GENERATE -> provider == Dialect.GEMINI ? "generate_content" : "chat";
            case EMBED, EMBED_ONE -> "embeddings";
            case COUNT_TOKENS -> "count_tokens";
            case PASS -> "pass_through";
            case LIST_MODELS, GET_MODEL -> "models";
        };
    }

    /** The request goes to the provider now, if it may. */
    void goesOut() {
        Audit.goesOut(loop, tally, reservation);
        sent = true;
    }

    long startNanos() {
        return startNanos;
    }

    void firstChunk() {
        firstChunkNanos = System.nanoTime() - startNanos;
    }

    void firstToken(long nowNanos) {
        firstTokenNanos = nowNanos - startNanos;
    }

    boolean sawToken() {
        return firstTokenNanos >= 0;
    }

    /** Another attempt of the request runs at the same time. */
    void overlaps() {
        alone = false;
    }

    /**
     * Another attempt answers the client.
     *
     * @param late this one was asked first
     */
    void lost(boolean late) {
        this.lost = true;
        this.late = late;
        this.lostNanos = System.nanoTime() - startNanos;
    }

    boolean isLost() {
        return lost;
    }

    /** What may be charged at most. */
    Money held() {
        return reservation.held();
    }

    boolean isDone() {
        return settled;
    }

    // ---- the ends

    /**
     * Nothing before inference, the hold for what may have been generated.
     *
     * @param begun the answer had begun
     */
    void failure(Call.Failure failure, boolean begun) {
        var never = terms.candidate().provider().billing().neverBilledStatuses();
        var settlement =
                !free() && Settlement.mayBeBilled(failure, begun, never)
                        ? Settlement.hold(reservation.held())
                        : Settlement.NOTHING;
        settle(settlement, failure.outcome(), failure.word(), failure.status(), null);
    }

    /** A whole answer. */
    void answer(Bridge.AnswerRead.Read read, Outcome outcome, int status) {
        settle(
                read.usage() == null
                        ? unreported(null, read.visibleOutputBytes())
                        : reported(read.usage()),
                outcome,
                Call.word(outcome),
                status,
                new Facts(read.usage(), true, read.finishReason(), read.model()));
    }

    /**
     * @param stream null: none had begun
     * @param outcome null: says nothing about the provider
     */
    void stream(@Nullable AnswerStream stream, End end, @Nullable Outcome outcome, String word) {
        var usage = stream == null ? null : stream.usage();
        var finish = stream == null ? null : stream.finishReason();
        boolean isFinal =
                stream != null
                        && usage != null
                        && (end == End.WHOLE || stream.finished(terms.resolved().scan().choices()));
        settle(
                settled(stream, end, usage, isFinal),
                outcome,
                word,
                stream == null ? 0 : StreamError.STATUS,
                new Facts(usage, isFinal, finish, stream == null ? null : stream.model()));
    }

    /** The Budget had no more for it: the provider is cut, and the client has a clean end. */
    void limited(AnswerStream stream, End end) {
        settle(
                shrank(stream, false)
                        ? Settlement.implausible(terms.held().bound())
                        : untold(end, stream.usage(), stream.visibleOutputBytes()),
                new Outcome.Success(),
                LIMITED,
                StreamError.STATUS,
                new Facts(null, false, LENGTH, stream.model()));
    }

    /**
     * Nobody hears the answer any more.
     *
     * @param sent the provider may have read the request, and may bill all of it
     */
    void unheard(boolean sent, String word) {
        settle(
                sent ? Settlement.hold(reservation.held()) : Settlement.NOTHING,
                null,
                word,
                0,
                null);
    }

    /** A bug ends it, may be in the middle of another end: what may be billed is charged. */
    void broke(boolean sent) {
        settled &= charged;
        unheard(sent, "internal_error");
    }

    // ---- the money

    /** The provider generates, and bills, to the end, though nobody reads any more. */
    private boolean billsOn() {
        return !free() && !terms.candidate().provider().billing().stopsOnDisconnect();
    }

    private Settlement settled(
            @Nullable AnswerStream stream, End end, @Nullable Usage usage, boolean isFinal) {
        if (terms.resolved().endpoint() != null) {
            return Settlement.fixed(reservation.held(), end == End.WHOLE);
        }
        if (stream != null && shrank(stream, isFinal)) {
            return Settlement.implausible(terms.held().bound());
        }
        return isFinal && usage != null
                ? reported(usage)
                : untold(end, usage, stream == null ? 0 : stream.visibleOutputBytes());
    }

    /**
     * Whether its figures fell: those of several choices may before they are final, as some servers
     * tell the tokens of one of them in each event.
     */
    private boolean shrank(AnswerStream stream, boolean isFinal) {
        return !free()
                && stream.usageShrank()
                && (isFinal || terms.resolved().scan().choices() == 1);
    }

    /** A stream without final figures. */
    private Settlement untold(End end, @Nullable Usage partial, long visibleBytes) {
        if (end == End.UNSEEN && !free()) {
            return Settlement.hold(terms.held().bound());
        }
        return end == End.CUT && billsOn()
                ? Settlement.hold(reservation.held())
                : unreported(partial, visibleBytes);
    }

    private Settlement reported(Usage usage) {
        return Settlement.reported(
                terms.candidate().model(),
                terms.held().size(),
                usage,
                terms.resolved().scan().choices(),
                reservation.held(),
                free());
    }

    private Settlement unreported(@Nullable Usage partial, long visibleBytes) {
        if (free()) {
            return Settlement.NOTHING;
        }
        var model = terms.candidate().model();
        var size = terms.held().size();
        return terms.hold() == null
                ? Settlement.unreported(model, size, partial, visibleBytes, reservation.held())
                : Settlement.seen(model, size, partial, visibleBytes, terms.held().bound());
    }

    /** What the provider said, of an answer that is priced by that. */
    private Money billed(Settlement settlement, @Nullable Facts facts) {
        var usage = facts == null || !facts.isFinal() ? null : facts.usage();
        return usage == null
                        || settlement.implausible()
                        || free()
                        || terms.resolved().endpoint() != null
                ? Money.ZERO
                : Settlement.billed(terms.candidate().model(), usage);
    }

    private boolean free() {
        return terms.resolved().scan().operation() == Operation.COUNT_TOKENS;
    }

    private void settle(
            Settlement settlement,
            @Nullable Outcome outcome,
            String said,
            int status,
            @Nullable Facts facts) {
        if (settled) {
            return;
        }
        settled = true;
        reservation.settle(settlement.cost(), settlement.assumed());
        charged = true;
        var word = lost ? LOST : said;
        long latency = System.nanoTime() - startNanos;
        freed.run();
        // how the one that lost ends says nothing of it: most losers are not even heard to their
        // end
        var heard = lost ? null : outcome;
        // an answer that is not good enough is one: the target did its work
        var done = heard instanceof Outcome.Poor ? new Outcome.Success() : heard;
        told(settlement, done, latency, facts == null ? null : facts.usage());
        // figures that cannot be true are told by their alarm, and by no record or metric
        var usage = facts == null || settlement.implausible() ? null : facts.usage();
        if (usage != null && done instanceof Outcome.Success) {
            loop.targets().answered(terms.plan().route(), usage.output());
        }
        if (facts != null && facts.finishReason() != null && !lost) {
            tally.finishReason = facts.finishReason();
        }
        tally.settled(
                terms.number(),
                alone,
                new Attempt(terms.candidate(), heard == null ? new Outcome.Success() : heard),
                word,
                status,
                latency,
                settlement,
                lost ? null : usage);
        if (sent) {
            Audit.settled(loop, tally, reservation, billed(settlement, facts));
        }
        var error = lost || done instanceof Outcome.Success ? null : said;
        if (series != null) {
            measured(series, error, latency, usage);
        }
        if (span != null) {
            span.end(
                    status,
                    error,
                    facts == null ? null : facts.model(),
                    facts == null ? null : facts.finishReason(),
                    firstChunkNanos,
                    usage,
                    settlement.cost(),
                    settlement.assumed(),
                    costSource());
        }
    }

    /** How long one that lost would have taken, nobody knows. */
    private void measured(
            OperationSeries figures, @Nullable String error, long latency, @Nullable Usage usage) {
        if (!lost) {
            figures.ended(error, latency);
        }
        if (firstChunkNanos >= 0) {
            figures.firstChunk(firstChunkNanos);
        }
        if (usage != null) {
            figures.tokens(usage);
        }
    }

    /** Where its price comes from. */
    private String costSource() {
        return terms.resolved().endpoint() != null
                ? tally.costSource
                : Tally.priceSource(terms.candidate());
    }

    /** What is seen of the target; null: nothing, but that it was late. */
    private void told(
            Settlement settlement,
            @Nullable Outcome outcome,
            long latencyNanos,
            @Nullable Usage counted) {
        var candidate = terms.candidate();
        long moreTokens =
                counted == null
                        ? 0
                        : counted.input() + counted.output() - terms.plan().traits().inputTokens();
        if (outcome == null) {
            loop.targets().unused(candidate, moreTokens);
            if (late) {
                outrun(settlement);
            }
        } else {
            loop.targets()
                    .done(
                            candidate,
                            outcome,
                            latencyNanos,
                            firstTokenNanos,
                            moreTokens,
                            Instant.now());
            loop.targets()
                    .judged(
                            terms.plan(),
                            candidate,
                            outcome,
                            latencyNanos,
                            firstTokenNanos,
                            settlement.cost().nanos());
        }
        if (settlement.implausible()) {
            loop.metrics().implausible();
        }
    }

    /**
     * Nobody knows when its first token would have come, but that it had not come when another
     * one's did: without this the targets that lose would look faster than they are.
     */
    private void outrun(Settlement settlement) {
        var candidate = terms.candidate();
        boolean stream = terms.resolved().scan().stream();
        loop.targets().outrun(candidate, stream, lostNanos);
        loop.targets()
                .judged(
                        terms.plan(),
                        candidate,
                        new Outcome.Success(),
                        lostNanos,
                        firstTokenNanos < 0 ? lostNanos : firstTokenNanos,
                        settlement.cost().nanos());
    }
}
