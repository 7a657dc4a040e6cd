package dev.tollgate.operator.compile;

import dev.tollgate.crds.budget.ReclaimStatus;
import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.operator.push.FleetListener;
import dev.tollgate.operator.push.Proxy;
import dev.tollgate.operator.push.PushServer;
import dev.tollgate.operator.push.Refusal;
import dev.tollgate.operator.push.Release;
import dev.tollgate.operator.status.LedgerFigures;
import dev.tollgate.operator.status.Picture;
import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.compile.Compiled;
import dev.tollgate.policy.compile.Retirement;
import dev.tollgate.policy.compile.Verdict;
import dev.tollgate.policy.drill.DrillBook;
import dev.tollgate.policy.drill.DrillCount;
import dev.tollgate.policy.drill.Standing;
import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.violation.Violation;
import dev.tollgate.policy.violation.ViolationBook;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a change: an event marks the world dirty; after 100 ms of quiet, at most 1 s, all
 * caches are compiled on one thread, and what differs is pushed, credentials first. What the fleet
 * answers comes back here: a refused object is put back, a refused release withdrawn, a settled one
 * remembered.
 */
public final class ControlLoop implements FleetListener, AutoCloseable {

    private static final Duration QUIET = Duration.ofMillis(100);
    private static final Duration AT_MOST = Duration.ofSeconds(1);

    /** What is seen after a day is acknowledged in advance is later than that. */
    private static final Duration ROUND = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);

    /** What every compile of this operator shares. */
    public record Settings(
            String platformNamespace,
            SettingsEntry.EndpointPolicy endpointPolicy,
            SettingsEntry.Unbudgeted unbudgetedNamespaces) {}

    /** Where the loop sends what it made. */
    public interface Outputs {
        /** Limits of a new snapshot. */
        void budgets(List<BudgetEntry> budgets);

        /** Statuses may differ. */
        void statuses();

        /** To be remembered; the newest wins. */
        void remember(Memory memory);

        /** A proxy has seen a higher epoch than ours. */
        void outrun(long epoch);
    }

    private final Sources sources;
    private final Outputs outputs;
    private final Clock clock;
    private final Debounce debounce;

    // confined to the thread of the debounce
    private final Canaries canaries = new Canaries();
    private final DrillBook drills = new DrillBook();
    private final ViolationBook violations = new ViolationBook();
    private final Compilation compilation;
    private final Releases releases;
    private final CredentialPush credentials = new CredentialPush();
    private Memory memory;

    private volatile @Nullable PushServer server;
    private volatile Map<ResourceKey, Verdict> verdicts = Map.of();
    private volatile Map<ResourceKey, Picture.Rejection> rejected = Map.of();
    private volatile Map<String, BudgetEntry> budgets = Map.of();
    private volatile Map<String, Standing> drillStandings = Map.of();
    private volatile Map<String, ViolationStatus> lastViolations = Map.of();
    private volatile Map<LimitKey, Amounts> limits = Map.of();
    private volatile List<Retirement> retirements = List.of();
    private volatile long compiles;

    public ControlLoop(
            Sources sources,
            Settings settings,
            Outputs outputs,
            long epoch,
            Memory remembered,
            Clock clock) {
        this.sources = sources;
        this.outputs = outputs;
        this.clock = clock;
        this.memory = remembered;
        this.compilation =
                new Compilation(
                        sources,
                        settings,
                        remembered.accepted(),
                        canaries::states,
                        violations::latest,
                        clock);
        this.releases =
                new Releases(
                        epoch,
                        new Releases.Held(
                                remembered.accepted(), remembered.credentials().keySet()));
        this.debounce = new Debounce("compile", QUIET, AT_MOST, this::compile);
    }

    /** Begins: the caches are complete and the server listens. */
    public void start(PushServer started) {
        server = started;
        debounce.dirty();
    }

    /** Something changed. */
    public void dirty() {
        if (server != null) {
            debounce.dirty();
        }
    }

    /** All that statuses are made of, right now; any thread. */
    public Picture picture(LedgerFigures ledger, Map<String, ReclaimStatus> reclaims) {
        var push = server;
        return new Picture(
                verdicts,
                rejected,
                push == null ? Fleet.empty() : push.fleet(),
                budgets,
                ledger,
                credentials.rotations(),
                canaries.standings(),
                drillStandings,
                limits.keySet(),
                push == null ? Map.of() : push.rateStores(),
                reclaims,
                lastViolations);
    }

    /** Of the models that are used now; any thread. */
    public List<Retirement> retirements() {
        return retirements;
    }

    /** Compiles since the start. */
    public long compiles() {
        return compiles;
    }

    private void compile() {
        var push = server;
        if (push == null) {
            return;
        }
        canaries.restore(() -> sources.resources().policies());
        violations.restore(() -> sources.resources().budgets());
        var result = compilation.run(memory.settled());
        var compiled = result.compiled();
        compiled.problems()
                .forEach(p -> LOG.atWarn().addKeyValue("object", p.object()).log(p.text()));
        publish(push, compiled);
        limits = limits(compiled.snapshot());
        push.limits(limits);
        verdicts = result.verdicts();
        retirements = compiled.retirements();
        rejected = compilation.rejections();
        budgets = byKey(compiled.snapshot().budgets());
        violations.compiled(compiled.snapshot().budgets());
        lastViolations = violations.latest();
        var changes = canaries.compiled(compiled.canaries(), proxies(push), clock.instant());
        if (changes.shares()) {
            debounce.dirty();
        }
        drill(push);
        compiles++;
        outputs.budgets(compiled.snapshot().budgets());
        outputs.statuses();
        remember(push);
    }

    private void drill(PushServer push) {
        var providers = sources.resources().providers();
        var now = clock.instant();
        boolean goOn = drills.restore(providers);
        if (drills.asked(providers, now) || goOn) {
            push.drills(drills.orders(now));
        }
        drillStandings = drills.standings();
    }

    private static Set<String> proxies(PushServer push) {
        return push.fleet().proxies().keySet();
    }

    /** Looks whether a canary goes on or must stop; called every few seconds, by any thread. */
    public void judge() {
        later(
                push -> {
                    var changes = canaries.judge(proxies(push), clock.instant());
                    if (changes.shares()) {
                        debounce.dirty();
                    } else if (changes.states()) {
                        outputs.statuses();
                    }
                });
    }

    @Override
    public void counted(String proxy, List<CanaryCount> counts) {
        later(push -> canaries.counted(proxy, counts));
    }

    @Override
    public void drilled(String proxy, List<DrillCount> counts) {
        later(
                push -> {
                    drills.counted(proxy, counts);
                    drillStandings = drills.standings();
                });
    }

    @Override
    public void violated(String proxy, List<Violation> told) {
        later(
                push -> {
                    var latest = clock.instant().plus(Violation.AHEAD).plus(ROUND);
                    var possible = told.stream().filter(v -> !v.at().isAfter(latest)).toList();
                    if (possible.size() < told.size()) {
                        LOG.warn("proxy {} tells of violations more than a day ahead", proxy);
                    }
                    var added = violations.told(proxy, possible);
                    for (var violation : added) {
                        LOG.atWarn()
                                .addKeyValue("budget", violation.budget())
                                .addKeyValue("proxy", proxy)
                                .log("BoundViolation: {}", violation.told());
                    }
                    if (!added.isEmpty()) {
                        debounce.dirty();
                    }
                });
    }

    private static Map<String, BudgetEntry> byKey(List<BudgetEntry> entries) {
        var map = new HashMap<String, BudgetEntry>();
        entries.forEach(e -> map.put(e.key(), e));
        return map;
    }

    private static Map<LimitKey, Amounts> limits(Snapshot snapshot) {
        var stated = new HashMap<LimitKey, Amounts>();
        for (var provider : snapshot.providers()) {
            if (provider.limits() != null) {
                stated.put(LimitKey.provider(provider.key()), Amounts.of(provider.limits()));
            }
        }
        for (var budget : snapshot.budgets()) {
            if (budget.limits() != null) {
                stated.put(LimitKey.budget(budget.key(), ""), Amounts.of(budget.limits()));
            }
        }
        return Map.copyOf(stated);
    }

    private void publish(PushServer push, Compiled compiled) {
        var references = new HashSet<>(compiled.credentials());
        references.addAll(releases.credentials());
        if (credentials.changed(
                references, compiled.snapshot(), sources::secret, clock.instant())) {
            push.credentials(credentials.revision(), credentials.values());
        }
        releases.next(compiled).ifPresent(release -> publish(push, release));
    }

    private static void publish(PushServer push, Release release) {
        LOG.atInfo().addKeyValue("snapshot", release.revision()).log("snapshot published");
        push.publish(release);
    }

    private void remember(PushServer push) {
        var names = push.fleet().live(clock.instant()).stream().map(Proxy::name).toList();
        // accepted generations are worth keeping although no proxy is there to acknowledge them
        var next =
                new Memory(memory.settled(), credentials.values(), compilation.accepted(), names);
        if (!next.sameAs(memory)) {
            memory = next;
            outputs.remember(next);
        }
    }

    private void later(Consumer<PushServer> action) {
        debounce.execute(
                () -> {
                    var push = server;
                    if (push != null) {
                        action.accept(push);
                    }
                });
    }

    @Override
    public void changed(Fleet fleet) {
        outputs.statuses();
        later(this::remember);
    }

    @Override
    public void settled(Fleet fleet, Release release) {
        later(
                push ->
                        releases.settle(release)
                                .ifPresent(
                                        held -> {
                                            compilation.settled(held.accepted());
                                            memory =
                                                    new Memory(
                                                            release,
                                                            memory.credentials(),
                                                            compilation.accepted(),
                                                            memory.proxies());
                                            outputs.remember(memory);
                                            remember(push);
                                            // credentials of earlier releases may go now
                                            debounce.dirty();
                                        }));
    }

    @Override
    public void refused(Release release, List<Refusal> refusals) {
        later(
                push -> {
                    if (release.revision().epoch() < releases.epoch()) {
                        return; // it was refused for its epoch, which is higher by now
                    }
                    boolean named = false;
                    for (var refusal : refusals) {
                        var object = refusal.object();
                        var generation = object == null ? null : release.index().get(object);
                        if (object != null && generation != null) {
                            compilation.reject(object, generation, refusal.text());
                            named = true;
                        }
                    }
                    if (!named) {
                        withdraw(push, release, refusals);
                    }
                    debounce.dirty();
                });
    }

    /** S13: nobody can be blamed, so all that is new in it waits, and the fleet goes back. */
    private void withdraw(PushServer push, Release release, List<Refusal> refusals) {
        var text = refusals.isEmpty() ? "no reason given" : refusals.getFirst().text();
        var settled = push.fleet().settled();
        var known = verdicts;
        release.index()
                .forEach(
                        (object, generation) -> {
                            if (known.containsKey(object)
                                    && (settled == null || !settled.holds(object, generation))) {
                                compilation.reject(object, generation, text);
                            }
                        });
        releases.withdraw(release, settled).ifPresent(again -> publish(push, again));
    }

    @Override
    public void outrun(long theirs) {
        // a proxy may be there before the first compile
        debounce.execute(
                () -> {
                    if (theirs > releases.epoch()) {
                        outputs.outrun(theirs);
                    }
                });
    }

    /** The epoch was claimed anew: everything is published again under it. */
    public void epoch(long claimed) {
        debounce.execute(
                () -> {
                    releases.epoch(claimed);
                    compilation.forgetRejections(); // some were for the epoch alone
                    debounce.dirty();
                });
    }

    @Override
    public void close() {
        debounce.close();
    }
}
