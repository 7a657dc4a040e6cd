package dev.tollgate.dataplane.exchange;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tollgate.dataplane.budget.Admission;
import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.dataplane.limits.TeamLimits;
import dev.tollgate.dataplane.record.UsageRecord;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.scan.RequestScanner;
import dev.tollgate.policy.attempt.Attempt;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.Traits;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One check of a provider that asks a model for one token (api.md, P8). It is paid by the
 * provider's namespace like a request of it: reserved before it is sent, settled when it is over,
 * with a usage record of the strategy {@value #STRATEGY}. A budget or a limit without room for it
 * skips it. Circuits, quota and what routing knows of the target's speed hear nothing of it.
 */
final class CompletionCheck extends Ticker.Ticked implements Call.Owner {

    static final String STRATEGY = "health-check";

    private static final String RULE = "check";
    private static final Logger LOG = LoggerFactory.getLogger(CompletionCheck.class);
    private static final int NOT_FOUND = 404;
    private static final Ingress INGRESS =
            new Ingress(Dialect.OPENAI_CHAT, Operation.GENERATE, null, false, false);

    private static final CheckResult.Skipped BUG =
            new CheckResult.Skipped("internal_error", "a bug");

    private final LoopParts loop;
    private final Resolution.Resolved asked;
    private final Candidate candidate;
    private final Quote.Held quote;
    private final Tally tally;
    private final Promise<CheckResult> result = Promise.promise();
    private TeamLimits.@Nullable Pass pass;
    private @Nullable Reservation reservation;
    private @Nullable Call call;
    private long sentNanos;
    private boolean over;
    private boolean bug;

    private CompletionCheck(
            LoopParts loop,
            Resolution.Resolved asked,
            Candidate candidate,
            Quote.Held quote,
            Tally tally) {
        this.loop = loop;
        this.asked = asked;
        this.candidate = candidate;
        this.quote = quote;
        this.tally = tally;
    }

    /**
     * Asks the model of the provider's check. Never fails. On the event loop.
     *
     * @param key the provider's, empty for one without authentication
     */
    static Future<CheckResult> run(LoopParts loop, ProviderEntry provider, String key) {
        var settings = Objects.requireNonNull(provider.healthCheck());
        var name = Objects.requireNonNull(settings.model(), "only checks with a model");
        var model = Objects.requireNonNull(provider.model(name), "the validator looks for it");
        var index = Objects.requireNonNull(loop.live().applied()).index();
        var route = provider.key() + "/" + RULE;
        var candidate =
                new Candidate(
                        new RuleEntry.TargetEntry(RULE, provider.key(), name, null, 0, 1, null),
                        provider,
                        model);
        // no account of anybody: budgets that name callers are not its own
        var namespace = provider.key().substring(0, provider.key().indexOf('/'));
        var payer = new Caller(namespace, "check:" + provider.key(), Caller.Kind.ANONYMOUS);
        var budgets = Router.budgets(index, payer, name);
        if (Router.refusesUncounted(index.snapshot(), budgets)) {
            return skipped("budget", Refusal.unbudgeted(namespace).message());
        }
        var asked = asked(candidate, route);
        return switch (Quote.of(asked, candidate, budgets, Money.ZERO, OptionalLong.empty())) {
            case Quote.TooDear dear -> skipped("budget", dear.detail());
            case Quote.Impossible no -> skipped("budget", no.refusal().message());
            case Quote.Held held -> {
                var tally = tally(payer, asked);
                tally.trying(candidate, budgets);
                yield new CompletionCheck(loop, asked, candidate, held, tally)
                        .enter(budgets, key, settings.timeoutMillis());
            }
        };
    }

    private static Resolution.Resolved asked(Candidate candidate, String route) {
        var name = candidate.model().name();
        var body =
                new JsonObject()
                        .put("model", name)
                        .put(
                                "messages",
                                new JsonArray()
                                        .add(
                                                new JsonObject()
                                                        .put("role", "user")
                                                        .put("content", "ping")))
                        .put("max_tokens", 1)
                        .toString()
                        .getBytes(UTF_8);
        if (!(RequestScanner.scan(INGRESS, body) instanceof RequestScan scan)) {
            throw new IllegalStateException("body of a check: malformed (expected: a chat)");
        }
        var plan = RoutePlan.only(candidate, route, RULE, Traits.NONE, null);
        return new Resolution.Resolved(scan, body, name, plan, null, null);
    }

    private static Tally tally(Caller payer, Resolution.Resolved asked) {
        long millis = System.currentTimeMillis();
        var tally = new Tally(RequestIds.next(millis), millis, System.nanoTime());
        tally.team = payer.namespace();
        tally.caller = payer.name();
        tally.dialect = asked.scan().dialect().wireName();
        tally.route = asked.plan().route();
        tally.strategy = STRATEGY;
        tally.modelRequested = asked.model();
        return tally;
    }

    private static Future<CheckResult> skipped(String word, String why) {
        return Future.succeededFuture(new CheckResult.Skipped(word, why));
    }

    private Future<CheckResult> enter(List<BudgetEntry> budgets, String key, long timeoutMillis) {
        var entry = loop.teamLimits().enter(budgets, tally.team, 0, Instant.now());
        switch (entry) {
            case TeamLimits.Entry.Full full -> {
                return skipped("limit", full.message());
            }
            case TeamLimits.Entry.In(var in) -> pass = in;
        }
        var snapshot = Objects.requireNonNull(loop.live().applied()).snapshot();
        var claim =
                quote.claim(
                        tally.logged(), tally.next(quote.bound()), budgets, candidate, snapshot);
        try {
            loop.gate()
                    .reserve(claim)
                    .onComplete(safe(admitted -> admitted(admitted, key, timeoutMillis)));
        } catch (RuntimeException e) {
            broke(e);
        }
        return result.future();
    }

    private void admitted(AsyncResult<Admission> admitted, String key, long timeoutMillis) {
        if (admitted.failed()) {
            broke(new IllegalStateException("a gate that failed", admitted.cause()));
            return;
        }
        switch (admitted.result()) {
            case Admission.Refused refused -> drop("budget", refused.message());
            case Admission.Reserved reserved -> {
                reservation = reserved.reservation();
                send(key, timeoutMillis);
            }
        }
    }

    /** Nothing was sent. */
    private void drop(String word, String why) {
        if (over) {
            return;
        }
        over = true;
        var held = reservation;
        if (held != null) {
            held.settle(Money.ZERO, false);
        }
        leave(0);
        result.complete(new CheckResult.Skipped(word, why));
    }

    private void leave(long tokens) {
        var in = pass;
        pass = null;
        if (in != null) {
            in.end(tokens, Instant.now());
        }
    }

    private void send(String key, long timeoutMillis) {
        var provider = candidate.provider();
        var scan = asked.scan();
        var dialect = Dialect.of(provider.dialect());
        var made = bridge().request(scan, asked.body(), requestTerms());
        if (!(made instanceof Bridge.Outbound.Ready ready)) {
            drop("unfit", "the question cannot be carried to " + dialect.wireName());
            return;
        }
        sentNanos = System.nanoTime();
        long deadline = sentNanos + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        var started = new Call(this, dialect, false, loop.settings().maxAnswerBytes(), deadline);
        call = started;
        loop.ticker().add(this);
        var policy = Objects.requireNonNull(loop.live().applied()).snapshot().settings();
        var upstream = loop.upstreams().of(provider, policy.endpointPolicy());
        started.start(
                upstream,
                upstream.target(dialect, scan.operation(), asked.model(), false, true),
                Math.min(timeoutMillis, provider.timeouts().connectMillis()),
                ready.body(),
                request ->
                        UpstreamHead.put(
                                request,
                                provider,
                                candidate.apiVersion(),
                                key,
                                false,
                                MultiMap.caseInsensitiveMultiMap()));
    }

    private Bridge bridge() {
        return Objects.requireNonNull(
                Resolution.bridge(asked.scan(), candidate), "a chat reaches every dialect");
    }

    private Bridge.RequestTerms requestTerms() {
        return new Bridge.RequestTerms(
                asked.model(),
                quote.writtenLimit(),
                Trial.optional(candidate.model().maxOutputTokens()),
                Resolution.quirks(asked.scan(), candidate));
    }

    private <T> Handler<T> safe(Handler<T> handler) {
        return event -> {
            try {
                handler.handle(event);
            } catch (RuntimeException e) {
                broke(e);
            }
        };
    }

    @Override
    public void goesOut() {
        Audit.goesOut(loop, tally, reservation);
    }

    // ---- its answer

    @Override
    public void failed(Call.Failure failure) {
        var never = candidate.provider().billing().neverBilledStatuses();
        settle(
                Settlement.mayBeBilled(failure, false, never)
                        ? Settlement.hold(quote.bound())
                        : Settlement.NOTHING,
                failure.outcome(),
                failure.word(),
                failure.status(),
                null);
    }

    @Override
    public void answered(HttpClientResponse head, byte[] body) {
        var terms =
                new Bridge.AnswerTerms(
                        asked.scan(),
                        asked.body(),
                        null,
                        true,
                        tally.requestId,
                        TimeUnit.MILLISECONDS.toSeconds(tally.startMillis));
        int status = head.statusCode();
        switch (bridge().answer(body, terms)) {
            case Bridge.AnswerRead.Unreadable unreadable ->
                    settle(
                            Settlement.hold(quote.bound()),
                            new Outcome.ServerError(status, null),
                            "unreadable_answer",
                            status,
                            null);
            case Bridge.AnswerRead.Read read -> {
                var usage = read.usage();
                var model = candidate.model();
                long visible = read.visibleOutputBytes();
                var charged =
                        usage == null
                                ? Settlement.unreported(
                                        model, quote.size(), null, visible, quote.bound())
                                : Settlement.reported(
                                        model, quote.size(), usage, 1, quote.bound(), false);
                settle(charged, new Outcome.Success(), "ok", status, usage);
            }
        }
    }

    @Override
    public void streaming(HttpClientResponse head) {
        throw new IllegalStateException("stream: begun (expected: a whole answer)");
    }

    @Override
    void tick(long nowNanos) {
        var called = call;
        if (called != null && !over) {
            called.tick(nowNanos);
        }
    }

    /** A bug; it says nothing about the provider. */
    @Override
    public void broke(RuntimeException failure) {
        LOG.error("check {} of {}: a bug", tally.requestId, candidate.provider().key(), failure);
        var called = call;
        if (called == null) {
            drop(BUG.reason(), BUG.why());
            return;
        }
        called.cancel();
        bug = true;
        if (over) {
            // in the middle of its end: what is left of that must not keep the next check away
            loop.ticker().remove(this);
            called.release();
            if (tally.records == 0) {
                Audit.over(loop, tally);
            }
            leave(0);
            result.tryComplete(BUG);
            return;
        }
        var charged = called.sent() ? Settlement.hold(quote.bound()) : Settlement.NOTHING;
        settle(charged, new Outcome.ServerError(0, null), "internal_error", 0, null);
    }

    private void settle(
            Settlement settlement,
            Outcome outcome,
            String word,
            int status,
            @Nullable Usage reported) {
        if (over) {
            return;
        }
        over = true;
        loop.ticker().remove(this);
        var held = reservation;
        if (held != null) {
            held.settle(settlement.cost(), settlement.assumed());
        }
        var called = call;
        if (called != null) {
            called.release();
        }
        if (settlement.implausible()) {
            loop.metrics().implausible();
        }
        var usage = settlement.implausible() ? null : reported;
        long latency = System.nanoTime() - sentNanos;
        leave(usage == null ? 0 : usage.input() + usage.output());
        tally.settled(new Attempt(candidate, outcome), word, status, latency, settlement, usage);
        if (tally.sent > 0) {
            Audit.settled(
                    loop,
                    tally,
                    held,
                    usage == null ? Money.ZERO : Settlement.billed(candidate.model(), usage));
        }
        loop.recorder().write(tally.record(recorded(outcome), status, latency, ""));
        tally.records++;
        Audit.over(loop, tally);
        count();
        result.complete(bug ? BUG : verdict(outcome));
    }

    /** Its money is in the metrics too; its time would tell nothing of those of requests. */
    private void count() {
        var series = loop.metrics().route(tally.team, tally.route, tally.provider, tally.model);
        series.cost(tally.cost.nanos());
        var usage = tally.usage;
        series.tokens(
                usage.input(),
                usage.cacheRead(),
                usage.cacheWrite5m() + usage.cacheWrite1h(),
                usage.output());
    }

    /** A refusal shows that somebody is there, but for that of a key or of a model. */
    private static CheckResult verdict(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Success s -> CheckResult.GOOD;
            case Outcome.Poor p -> CheckResult.GOOD;
            case Outcome.RateLimited r -> CheckResult.GOOD;
            case Outcome.ClientFault c ->
                    c.status() == NOT_FOUND ? CheckResult.BAD : CheckResult.GOOD;
            case Outcome.ServerError s -> CheckResult.BAD;
            case Outcome.Timeout t -> CheckResult.BAD;
            case Outcome.ConnectFailure c -> CheckResult.BAD;
            case Outcome.CredentialRejected c -> CheckResult.BAD;
            case Outcome.NoFreeConnection n ->
                    new CheckResult.Skipped("no_connection", "every connection is in use");
        };
    }

    private static UsageRecord.Outcome recorded(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Success s -> UsageRecord.Outcome.OK;
            case Outcome.Poor p -> UsageRecord.Outcome.OK;
            case Outcome.RateLimited r -> UsageRecord.Outcome.RATE_LIMITED;
            case Outcome.Timeout t -> UsageRecord.Outcome.TIMEOUT;
            case Outcome.ClientFault c -> UsageRecord.Outcome.INVALID_REQUEST;
            case Outcome.NoFreeConnection n -> UsageRecord.Outcome.OVERLOADED;
            case Outcome.ServerError s -> UsageRecord.Outcome.PROVIDER_ERROR;
            case Outcome.ConnectFailure c -> UsageRecord.Outcome.PROVIDER_ERROR;
            case Outcome.CredentialRejected c -> UsageRecord.Outcome.PROVIDER_ERROR;
        };
    }
}
