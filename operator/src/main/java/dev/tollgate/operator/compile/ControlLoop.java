package dev.tollgate.operator.compile;

import com.google.protobuf.ByteString;
import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.operator.push.FleetListener;
import dev.tollgate.operator.push.PushServer;
import dev.tollgate.operator.push.Refusal;
import dev.tollgate.operator.push.Release;
import dev.tollgate.operator.status.Picture;
import dev.tollgate.policy.compile.CompileSettings;
import dev.tollgate.policy.compile.Compiled;
import dev.tollgate.policy.compile.Compiler;
import dev.tollgate.policy.compile.LastAccepted;
import dev.tollgate.policy.compile.Verdict;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.RevisionNumber;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
    private static final int RELEASES_KEPT = 16;

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
    private final Settings settings;
    private final Outputs outputs;
    private final Clock clock;
    private final Debounce debounce;
    private final Catalogue catalogue = Catalogue.builtIn();

    private volatile @Nullable PushServer server;
    private volatile Map<ResourceKey, Verdict> verdicts = Map.of();
    private volatile Map<ResourceKey, Picture.Rejection> rejected = Map.of();
    private volatile Map<String, BudgetEntry> budgets = Map.of();
    private volatile Map<ResourceKey, Instant> rotations = Map.of();
    private volatile long compiles;

    // confined to the thread of the debounce
    private final Rejections rejections = new Rejections();
    private final Map<RevisionNumber, Held> releases =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<RevisionNumber, Held> eldest) {
                    return size() > RELEASES_KEPT;
                }
            };
    private long epoch;
    private long counter;
    private LastAccepted accepted;
    private LastAccepted servedByAll;
    private @Nullable Release newest;
    private @Nullable Release withdrawn;
    private Memory memory;
    private Map<String, Bytes> pushed = Map.of();
    private long credentialsRevision;
    private Set<String> carried = Set.of();

    /** A release that is under way, with what it was made of. */
    private record Held(LastAccepted accepted, Set<String> credentials) {}

    public ControlLoop(
            Sources sources,
            Settings settings,
            Outputs outputs,
            long epoch,
            Memory remembered,
            Clock clock) {
        this.sources = sources;
        this.settings = settings;
        this.outputs = outputs;
        this.clock = clock;
        this.epoch = epoch;
        this.memory = remembered;
        this.accepted = remembered.accepted();
        this.servedByAll = remembered.accepted();
        this.carried = Set.copyOf(remembered.credentials().keySet());
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
    public Picture picture(List<dev.tollgate.policy.budget.Account> accounts) {
        var push = server;
        return new Picture(
                verdicts,
                rejected,
                push == null ? Fleet.empty() : push.fleet(),
                budgets,
                accounts,
                rotations);
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
        var resources = sources.resources();
        rejections.prune(resources);
        var compiled = compile(resources, accepted);
        Map<ResourceKey, Verdict> judged = compiled.verdicts();
        if (!rejections.isEmpty()) {
            var refused = rejections.view().keySet();
            var all = compiled.verdicts();
            compiled =
                    compile(rejections.substituted(resources, servedByAll), servedByAll(compiled));
            judged = new HashMap<>(compiled.verdicts());
            for (var object : refused) {
                var verdict = all.get(object);
                if (verdict != null) {
                    judged.put(object, verdict);
                }
            }
        }
        accepted = compiled.accepted();
        compiled.problems()
                .forEach(p -> LOG.atWarn().addKeyValue("object", p.object()).log(p.text()));
        publish(push, compiled);
        verdicts = Map.copyOf(judged);
        rejected = rejections.view();
        budgets = byKey(compiled.snapshot().budgets());
        compiles++;
        outputs.budgets(compiled.snapshot().budgets());
        outputs.statuses();
        remember(push);
    }

    private Compiled compile(
            dev.tollgate.crds.resource.Resources resources, LastAccepted lastAccepted) {
        return Compiler.compile(
                resources,
                new CompileSettings(
                        settings.platformNamespace(),
                        settings.endpointPolicy(),
                        settings.unbudgetedNamespaces(),
                        issuers(),
                        CompileSettings.DEFAULT_DEPRECATION_WARN_DAYS,
                        clock.instant(),
                        catalogue),
                lastAccepted);
    }

    /** Accepted generations, with those of refused objects taken back. */
    private LastAccepted servedByAll(Compiled compiled) {
        var refused = rejections.view().keySet();
        return new LastAccepted(
                back(compiled.accepted().providers(), servedByAll.providers(), refused),
                back(compiled.accepted().policies(), servedByAll.policies(), refused),
                back(compiled.accepted().budgets(), servedByAll.budgets(), refused));
    }

    private static <S> Map<ResourceKey, LastAccepted.Generation<S>> back(
            Map<ResourceKey, LastAccepted.Generation<S>> now,
            Map<ResourceKey, LastAccepted.Generation<S>> before,
            Set<ResourceKey> refused) {
        var map = new HashMap<>(now);
        for (var object : refused) {
            map.remove(object);
            var earlier = before.get(object);
            if (earlier != null) {
                map.put(object, earlier);
            }
        }
        return map;
    }

    /** Those of the cluster; while they cannot be read, those of the last release. */
    private List<IssuerEntry> issuers() {
        var issuers = sources.issuers();
        var settled = memory.settled();
        if (!issuers.isEmpty() || settled == null) {
            return issuers;
        }
        return switch (SnapshotCodec.decode(settled.bytes().toByteArray())) {
            case dev.tollgate.policy.snapshot.Decoded.Readable readable ->
                    readable.snapshot().issuers();
            case dev.tollgate.policy.snapshot.Decoded.Unreadable _ -> issuers;
        };
    }

    private static Map<String, BudgetEntry> byKey(List<BudgetEntry> entries) {
        var map = new HashMap<String, BudgetEntry>();
        entries.forEach(e -> map.put(e.key(), e));
        return map;
    }

    private static Map<ResourceKey, Long> index(Map<ResourceKey, Verdict> verdicts) {
        var index = new TreeMap<ResourceKey, Long>();
        verdicts.forEach(
                (object, verdict) -> {
                    var served = verdict.servedGeneration();
                    if (served != null) {
                        index.put(object, served);
                    }
                });
        return index;
    }

    private void publish(PushServer push, Compiled compiled) {
        var bytes = SnapshotCodec.encode(compiled.snapshot());
        var digest = SnapshotCodec.digest(bytes);
        var index = index(compiled.verdicts());
        credentials(push, compiled.credentials(), compiled.snapshot());
        if (same(newest, digest, index) || same(withdrawn, digest, index)) {
            return;
        }
        counter++;
        var release =
                new Release(
                        new RevisionNumber(epoch, counter),
                        digest,
                        ByteString.copyFrom(bytes),
                        compiled.snapshot().schemaVersion(),
                        index);
        withdrawn = null;
        newest = release;
        releases.put(release.revision(), new Held(compiled.accepted(), compiled.credentials()));
        LOG.atInfo().addKeyValue("snapshot", release.revision()).log("snapshot published");
        push.publish(release);
    }

    private static boolean same(
            @Nullable Release release, String digest, Map<ResourceKey, Long> index) {
        return release != null && release.digest().equals(digest) && release.index().equals(index);
    }

    /**
     * Values of what the new snapshot refers to and, until it has settled, of what earlier ones do:
     * a proxy that still serves with one of those must not lose its key.
     */
    private void credentials(PushServer push, Set<String> references, Snapshot snapshot) {
        var wanted = new HashSet<>(references);
        wanted.addAll(carried);
        releases.values().forEach(r -> wanted.addAll(r.credentials()));
        var values = new HashMap<String, Bytes>();
        wanted.forEach(ref -> sources.secret(ref).ifPresent(v -> values.put(ref, v)));
        if (values.equals(pushed) && credentialsRevision > 0) {
            return;
        }
        noteRotations(values, snapshot);
        pushed = Map.copyOf(values);
        credentialsRevision++;
        push.credentials(credentialsRevision, pushed);
    }

    private void noteRotations(Map<String, Bytes> values, Snapshot snapshot) {
        if (credentialsRevision == 0) {
            return;
        }
        var noted = new HashMap<>(rotations);
        for (var provider : snapshot.providers()) {
            var reference = provider.auth().credential();
            var before = reference == null ? null : pushed.get(reference);
            if (before != null && !before.equals(values.get(reference))) {
                int slash = provider.key().indexOf('/');
                noted.put(
                        new ResourceKey(
                                Kind.MODEL_PROVIDER,
                                provider.key().substring(0, slash),
                                provider.key().substring(slash + 1)),
                        clock.instant().truncatedTo(ChronoUnit.SECONDS));
            }
        }
        rotations = Map.copyOf(noted);
    }

    private void remember(PushServer push) {
        var now = clock.instant();
        var names = push.fleet().live(now).stream().map(p -> p.name()).toList();
        // accepted generations are worth keeping although no proxy is there to acknowledge them
        var next = new Memory(memory.settled(), pushed, accepted, names);
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
                push -> {
                    var held = releases.get(release.revision());
                    if (held == null) {
                        return;
                    }
                    servedByAll = held.accepted();
                    carried = held.credentials();
                    releases.keySet().removeIf(r -> r.compareTo(release.revision()) <= 0);
                    memory = new Memory(release, memory.credentials(), accepted, memory.proxies());
                    outputs.remember(memory);
                    remember(push);
                    debounce.dirty(); // credentials of earlier releases may go now
                });
    }

    @Override
    public void refused(Release release, List<Refusal> refusals) {
        later(
                push -> {
                    if (release.revision().epoch() < epoch) {
                        return; // it was refused for its epoch, which is higher by now
                    }
                    for (var refusal : refusals) {
                        var object = refusal.object();
                        var generation = object == null ? null : release.index().get(object);
                        if (object != null && generation != null) {
                            rejections.add(object, generation, refusal.text());
                        }
                    }
                    boolean named =
                            refusals.stream()
                                    .anyMatch(
                                            r ->
                                                    r.object() != null
                                                            && release.index()
                                                                    .containsKey(r.object()));
                    if (!named) {
                        withdraw(push, release, refusals);
                    }
                    debounce.dirty();
                });
    }

    /** S13: nobody can be blamed, so all that is new in it waits, and the fleet goes back. */
    private void withdraw(PushServer push, Release release, List<Refusal> refusals) {
        withdrawn = release;
        var text = refusals.isEmpty() ? "no reason given" : refusals.getFirst().text();
        var settled = push.fleet().settled();
        var now = new HashMap<>(verdicts);
        release.index()
                .forEach(
                        (object, generation) -> {
                            if (now.containsKey(object)
                                    && (settled == null || !settled.holds(object, generation))) {
                                rejections.add(object, generation, text);
                            }
                        });
        if (settled != null && settled.revision().epoch() == epoch) {
            counter++;
            var again =
                    new Release(
                            new RevisionNumber(epoch, counter),
                            settled.digest(),
                            settled.bytes(),
                            settled.schemaVersion(),
                            settled.index());
            newest = again;
            releases.put(again.revision(), new Held(servedByAll, carried));
            push.publish(again);
        }
    }

    @Override
    public void outrun(long theirs) {
        later(
                _ -> {
                    if (theirs > epoch) {
                        outputs.outrun(theirs);
                    }
                });
    }

    /** The epoch was claimed anew: everything is published again under it. */
    public void epoch(long claimed) {
        later(
                push -> {
                    epoch = claimed;
                    counter = 0;
                    newest = null;
                    withdrawn = null;
                    debounce.dirty();
                });
    }

    /** For metrics: what is published. */
    public RevisionNumber desired() {
        var push = server;
        var release = push == null ? null : push.fleet().newest();
        return release == null ? RevisionNumber.NONE : release.revision();
    }

    @Override
    public void close() {
        debounce.close();
    }
}
