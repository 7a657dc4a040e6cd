package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.TimeSource;
import dev.tollgate.dataplane.limits.ProviderLimits;
import dev.tollgate.dataplane.limits.QuotaHeaders;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.attempt.TargetState;
import dev.tollgate.policy.attempt.Telemetry;
import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.Snapshot;
import io.vertx.core.MultiMap;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What this proxy has seen of each (provider, model): its circuit and how long the provider asked
 * to wait (api.md, P7 and R31). Shared by all event loops.
 *
 * <pre>
 * closed --n failures in a row--> open --openFor--> half-open --success--> closed
 *                                  ^                    |
 *                                  +-- failure: openFor doubles, up to maxOpenFor
 * </pre>
 */
public final class TargetStates implements Telemetry {

    /** How a circuit stands, as {@code tollgate_circuit_state} numbers it. */
    public enum Circuit {
        CLOSED,
        HALF_OPEN,
        OPEN
    }

    private static final int USUAL_SKIP_PERCENT = 95;

    private final ConcurrentHashMap<String, ConcurrentHashMap<String, SeenTarget>> targets =
            new ConcurrentHashMap<>();
    private final RouteFigures routes = new RouteFigures();
    private final ConcurrentHashMap<String, Boolean> checked = new ConcurrentHashMap<>();
    private final CanaryCounters canaries = new CanaryCounters();
    private final ProviderLimits limits;
    private final TimeSource time;

    /**
     * @param proxies live ones, which share the providers' limits; at least 1
     */
    public TargetStates(IntSupplier proxies) {
        this(proxies, TimeSource.SYSTEM);
    }

    TargetStates(IntSupplier proxies, TimeSource time) {
        this.limits = new ProviderLimits(proxies);
        this.time = time;
    }

    /** The limits of providers' accounts. */
    public ProviderLimits limits() {
        return limits;
    }

    @Override
    public TargetState of(String provider, String model) {
        var models = targets.get(provider);
        var target = models == null ? null : models.get(model);
        var now = time.now();
        var nearUntil = limits.nearUntil(provider, now);
        boolean unwell = Boolean.FALSE.equals(checked.get(provider));
        if (target == null) {
            return nearUntil == null && !unwell
                    ? TargetState.FINE
                    : new TargetState(
                            false, unwell, nearUntil, TargetState.UNKNOWN, TargetState.UNKNOWN, 0);
        }
        return new TargetState(
                !target.letsThrough(),
                unwell,
                later(later(target.notBefore, target.quotaUntil), nearUntil),
                target.firstTokenMicros.value(),
                target.answerMicros.value(),
                target.errorPermille(now.getEpochSecond()));
    }

    private static @Nullable Instant later(@Nullable Instant one, @Nullable Instant other) {
        return one == null || other != null && other.isAfter(one) ? other : one;
    }

    @Override
    public long meanOutputTokens(String route) {
        return routes.meanOutputTokens(route);
    }

    @Override
    public long nextTurn(String route) {
        return routes.nextTurn(route);
    }

    /** An answer of a route was this long. */
    void answered(String route, long outputTokens) {
        routes.answered(route, outputTokens, time.nanos());
    }

    /**
     * Takes the right to one call, which {@link #done} or {@link #unused} gives back.
     *
     * @param tokens of its input, a guess
     */
    boolean acquire(Candidate candidate, long tokens) {
        var breaker = target(candidate).breaker;
        if (!breaker.tryAcquirePermission()) {
            return false;
        }
        if (!limits.begin(candidate.provider().key(), tokens, time.now())) {
            breaker.releasePermission();
            return false;
        }
        return true;
    }

    /**
     * The call has ended, and says nothing about the target.
     *
     * @param moreTokens than were taken with the right
     */
    void unused(Candidate candidate, long moreTokens) {
        target(candidate).breaker.releasePermission();
        limits.end(candidate.provider().key(), moreTokens, time.now());
    }

    /** What active checks say of a provider; null: there are none any more. */
    void checked(String provider, @Nullable Boolean healthy) {
        if (healthy == null) {
            checked.remove(provider);
        } else {
            checked.put(provider, healthy);
        }
    }

    /**
     * Another target's first token came before this one's.
     *
     * @param stream its first token counts, else its whole answer
     * @param nanos how long it had been asked then
     */
    void outrun(Candidate candidate, boolean stream, long nanos) {
        target(candidate).outrun(stream, nanos, time.nanos());
    }

    /** How many requests of each rule may be hedged. */
    RouteFigures routes() {
        return routes;
    }

    /** What an answer tells of the account's quota. */
    void told(Candidate candidate, MultiMap headers) {
        var limit = candidate.provider().limits();
        int skipAbove = limit == null ? USUAL_SKIP_PERCENT : limit.skipAbovePercent();
        target(candidate).quotaUntil = QuotaHeaders.nearUntil(headers, skipAbove, time.now());
    }

    /**
     * @param firstTokenNanos of a stream, from the start of the call; -1: it had none
     * @param moreTokens than were taken with the right
     */
    void done(
            Candidate candidate,
            Outcome outcome,
            long latencyNanos,
            long firstTokenNanos,
            long moreTokens,
            Instant now) {
        if (outcome instanceof Outcome.NoFreeConnection) {
            unused(candidate, 0);
            return;
        }
        limits.end(candidate.provider().key(), moreTokens, now);
        target(candidate).done(outcome, latencyNanos, firstTokenNanos, now, time.nanos());
    }

    private SeenTarget target(Candidate candidate) {
        var provider = candidate.provider();
        var models = targets.computeIfAbsent(provider.key(), key -> new ConcurrentHashMap<>());
        var name = candidate.model().name();
        var known = models.get(name);
        if (known != null && known.settings.equals(provider.breaker())) {
            return known;
        }
        return models.compute(
                name,
                (n, before) ->
                        before != null && before.settings.equals(provider.breaker())
                                ? before
                                : new SeenTarget(
                                        provider.breaker(), provider.key() + " " + n, time));
    }

    /** Forgets providers that are gone. */
    public void retain(Snapshot snapshot) {
        var live = ConcurrentHashMap.<String>newKeySet();
        snapshot.providers().forEach(provider -> live.add(provider.key()));
        targets.keySet().retainAll(live);
        checked.keySet().retainAll(live);
        routes.retain(snapshot);
        canaries.retain(snapshot);
        limits.apply(snapshot);
    }

    /** An attempt has ended: what the judge of the rule's canary sees of it, if it has one. */
    void judged(
            RoutePlan plan,
            Candidate candidate,
            Outcome outcome,
            long latencyNanos,
            long firstTokenNanos,
            long costNanos) {
        canaries.count(plan, candidate, outcome, latencyNanos, firstTokenNanos, costNanos);
    }

    /** What was counted for the judges of canaries. */
    public List<CanaryCount> canaryCounts() {
        return canaries.counts();
    }

    /**
     * What the control plane hears of one target, or of a provider's active checks.
     *
     * @param model empty: of the checks
     * @param unhealthy the checks fail
     */
    public record Recent(
            String provider,
            String model,
            long requests,
            long errors,
            boolean circuitOpen,
            boolean credentialRejected,
            boolean unhealthy) {}

    /** Targets of the last minute, those whose circuit is open, and what checks say. */
    public List<Recent> recent(Instant now) {
        return Stream.concat(ofTraffic(now), ofChecks()).toList();
    }

    private Stream<Recent> ofChecks() {
        return checked.entrySet().stream()
                .map(each -> new Recent(each.getKey(), "", 0, 0, false, false, !each.getValue()));
    }

    private Stream<Recent> ofTraffic(Instant now) {
        return targets.entrySet().stream()
                .flatMap(
                        provider ->
                                provider.getValue().entrySet().stream()
                                        .map(model -> recent(provider.getKey(), model, now)))
                .filter(seen -> seen.requests() > 0 || seen.circuitOpen());
    }

    private static Recent recent(
            String provider, Map.Entry<String, SeenTarget> model, Instant now) {
        var target = model.getValue();
        return new Recent(
                provider,
                model.getKey(),
                target.lastMinute.requests(now.getEpochSecond()),
                target.lastMinute.errors(now.getEpochSecond()),
                target.circuit() == Circuit.OPEN,
                target.credentialRejected,
                false);
    }

    /** One line of {@code /status}. */
    public record Seen(
            String provider,
            String model,
            Circuit circuit,
            @Nullable Instant notBefore,
            long latencyMillis) {}

    /** Everything that was called since the start. */
    public List<Seen> seen() {
        return targets.entrySet().stream()
                .flatMap(
                        provider ->
                                provider.getValue().entrySet().stream()
                                        .map(model -> seen(provider.getKey(), model)))
                .sorted(Comparator.comparing(Seen::provider).thenComparing(Seen::model))
                .toList();
    }

    private static Seen seen(String provider, Map.Entry<String, SeenTarget> model) {
        var target = model.getValue();
        return new Seen(
                provider, model.getKey(), target.circuit(), target.notBefore, target.latencyMillis);
    }
}
