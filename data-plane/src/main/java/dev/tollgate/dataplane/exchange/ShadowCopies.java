package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.limits.TeamLimits;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Operation;
import dev.tollgate.policy.budget.Ladder;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.snapshot.RuleEntry;
import io.vertx.core.MultiMap;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which copies of a request go to the shadows of its rule, and why the others are dropped. */
final class ShadowCopies {

    private static final Logger LOG = LoggerFactory.getLogger(ShadowCopies.class);
    private static final int PERCENT = 100;

    private ShadowCopies() {}

    /** Starts the copies of a request whose own attempt is on its way. Throws nothing. */
    static List<ShadowCall> copies(
            LoopParts loop,
            Arrival.Welcome welcome,
            Resolution.Resolved found,
            MultiMap headers,
            String requestId) {
        var operation = found.scan().operation();
        if (found.plan().shadows().isEmpty()
                || operation != Operation.GENERATE && !operation.embeds()) {
            return List.of();
        }
        var started = new ArrayList<ShadowCall>();
        for (var shadow : found.plan().shadows()) {
            if (loop.random().nextInt(PERCENT) >= shadow.percent()) {
                continue;
            }
            try {
                var made = make(loop, welcome, found, shadow, headers, requestId);
                if (made != null) {
                    started.add(made);
                    made.reserve();
                }
            } catch (RuntimeException e) {
                LOG.error("request {}: a bug in its shadow {}", requestId, shadow.name(), e);
            }
        }
        return started;
    }

    /** Null: dropped. */
    private static @Nullable ShadowCall make(
            LoopParts loop,
            Arrival.Welcome welcome,
            Resolution.Resolved found,
            RuleEntry.Shadow shadow,
            MultiMap headers,
            String requestId) {
        var plan = found.plan();
        var series = loop.metrics().shadow(plan.route(), shadow.name());
        var candidate = Router.shadowed(welcome.applied().index(), shadow, found.model());
        var bridge = candidate == null ? null : Resolution.bridge(found.scan(), candidate);
        if (candidate == null || bridge == null) {
            series.copy("dropped_unfit");
            return null;
        }
        var now = Instant.now();
        var state = loop.targets().of(candidate.provider().key(), candidate.model().name());
        var notBefore = state.notBefore();
        if (state.circuitOpen()
                || state.unhealthy()
                || notBefore != null && now.isBefore(notBefore)) {
            series.copy("dropped_unavailable");
            return null;
        }
        var team = team(plan);
        // no account of anybody: budgets that name callers are not its own
        var payer = new Caller(team, "shadow:" + plan.route(), Caller.Kind.ANONYMOUS);
        var index = welcome.applied().index();
        var budgets = Router.budgets(index, payer, candidate.model().name());
        if (Router.refusesUncounted(index.snapshot(), budgets)) {
            series.copy("dropped_budget");
            return null;
        }
        // the client's own ceiling is about what it pays itself
        var apart =
                new Resolution.Resolved(
                        found.scan(), found.body(), found.model(), plan, null, found.endpoint());
        var cap =
                Ladder.of(budgets, b -> loop.gate().spent(b, team).microsDown()).maxOutputTokens();
        if (!(Quote.of(apart, candidate, budgets, Money.ZERO, cap) instanceof Quote.Held held)) {
            series.copy("dropped_budget");
            return null;
        }
        var wanted =
                new Bridge.RequestTerms(
                        candidate.model().name(),
                        held.writtenLimit(),
                        Trial.optional(candidate.model().maxOutputTokens()),
                        Resolution.quirks(found.scan(), candidate));
        if (!(bridge.request(found.scan(), found.body(), wanted)
                instanceof Bridge.Outbound.Ready ready)) {
            series.copy("dropped_unfit");
            return null;
        }
        var slot = plan.route() + "/" + shadow.name();
        if (!loop.shadows().enter(slot, shadow.maxConcurrent())) {
            series.copy("dropped_concurrent");
            return null;
        }
        var entry = loop.teamLimits().enter(budgets, team, plan.traits().inputTokens(), now);
        if (!(entry instanceof TeamLimits.Entry.In(var pass))) {
            loop.shadows().leave(slot);
            series.copy("dropped_limit");
            return null;
        }
        long millis = System.currentTimeMillis();
        var tally = new Tally(RequestIds.next(millis), millis, System.nanoTime());
        tally.team = team;
        tally.caller = payer.name();
        tally.dialect = found.scan().dialect().wireName();
        tally.stream = found.scan().stream();
        tally.route = plan.route();
        tally.strategy = "shadow";
        tally.modelRequested = found.model();
        tally.trying(candidate, budgets);
        return new ShadowCall(
                loop,
                welcome,
                new ShadowCall.Terms(
                        shadow,
                        slot,
                        apart,
                        candidate,
                        held,
                        bridge,
                        budgets,
                        ready.body(),
                        headers,
                        requestId,
                        welcome.ingress().sse()),
                tally,
                pass,
                series);
    }

    /** The namespace of the policy. */
    private static String team(RoutePlan plan) {
        var policy = Objects.requireNonNull(plan.policy(), "only policies have shadows");
        return policy.substring(0, policy.indexOf('/'));
    }
}
