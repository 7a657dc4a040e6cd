package dev.tollgate.operator.compile;

import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.operator.push.Release;
import dev.tollgate.operator.status.Picture;
import dev.tollgate.policy.canary.CanaryState;
import dev.tollgate.policy.compile.CompileSettings;
import dev.tollgate.policy.compile.Compiled;
import dev.tollgate.policy.compile.Compiler;
import dev.tollgate.policy.compile.LastAccepted;
import dev.tollgate.policy.compile.Verdict;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.snapshot.Decoded;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Compiles the world as the caches hold it. What a proxy refused is put back to what the whole
 * fleet last served and compiled again, so that one bad object takes only itself out. One thread.
 */
final class Compilation {

    /**
     * @param verdicts of every object as it is written, also of those that were put back
     */
    record Result(Compiled compiled, Map<ResourceKey, Verdict> verdicts) {
        Result {
            verdicts = Map.copyOf(verdicts);
        }
    }

    private final Sources sources;
    private final ControlLoop.Settings settings;
    private final Clock clock;
    private final Catalogue catalogue = Catalogue.builtIn();
    private final Rejections rejections = new Rejections();
    private final Supplier<Map<String, CanaryState>> canaries;
    private final Supplier<Map<String, ViolationStatus>> violations;
    private LastAccepted accepted;
    private LastAccepted servedByAll;

    Compilation(
            Sources sources,
            ControlLoop.Settings settings,
            LastAccepted remembered,
            Supplier<Map<String, CanaryState>> canaries,
            Supplier<Map<String, ViolationStatus>> violations,
            Clock clock) {
        this.canaries = canaries;
        this.violations = violations;
        this.sources = sources;
        this.settings = settings;
        this.clock = clock;
        this.accepted = remembered;
        this.servedByAll = remembered;
    }

    /**
     * @param settled the release whose token keys stand in for those that cannot be read
     */
    Result run(@Nullable Release settled) {
        var resources = sources.resources();
        var issuers = issuers(settled);
        rejections.prune(resources);
        var compiled = compile(resources, issuers, accepted);
        var verdicts = compiled.verdicts();
        if (!rejections.isEmpty()) {
            var asWritten = verdicts;
            compiled =
                    compile(
                            rejections.substituted(resources, servedByAll),
                            issuers,
                            withoutRefused(compiled.accepted()));
            var judged = new HashMap<>(compiled.verdicts());
            for (var object : rejections.view().keySet()) {
                var verdict = asWritten.get(object);
                if (verdict != null) {
                    judged.put(object, verdict);
                }
            }
            verdicts = judged;
        }
        accepted = compiled.accepted();
        return new Result(compiled, verdicts);
    }

    /** What goes on serving when a later generation is invalid. */
    LastAccepted accepted() {
        return accepted;
    }

    Map<ResourceKey, Picture.Rejection> rejections() {
        return rejections.view();
    }

    /** A proxy refused this generation of an object. */
    void reject(ResourceKey object, long generation, String text) {
        rejections.add(object, generation, text);
    }

    /** Every object may be tried again. */
    void forgetRejections() {
        rejections.clear();
    }

    /** The whole fleet serves what was accepted so. */
    void settled(LastAccepted served) {
        servedByAll = served;
    }

    private Compiled compile(
            Resources resources, List<IssuerEntry> issuers, LastAccepted lastAccepted) {
        return Compiler.compile(
                resources,
                new CompileSettings(
                        settings.platformNamespace(),
                        settings.endpointPolicy(),
                        settings.unbudgetedNamespaces(),
                        issuers,
                        CompileSettings.DEFAULT_DEPRECATION_WARN_DAYS,
                        clock.instant(),
                        catalogue),
                lastAccepted,
                canaries.get(),
                violations.get());
    }

    private LastAccepted withoutRefused(LastAccepted now) {
        var refused = rejections.view().keySet();
        return new LastAccepted(
                back(now.providers(), servedByAll.providers(), refused),
                back(now.policies(), servedByAll.policies(), refused),
                back(now.budgets(), servedByAll.budgets(), refused));
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

    /** Keys that cannot be read are those that the fleet has. */
    private List<IssuerEntry> issuers(@Nullable Release settled) {
        var unread = sources.unreadIssuers();
        var issuers = sources.issuers();
        boolean complete = unread.isEmpty() && issuers.stream().anyMatch(IssuerEntry::kubernetes);
        return complete || settled == null ? issuers : completed(issuers, served(settled), unread);
    }

    private static List<IssuerEntry> served(Release settled) {
        return switch (SnapshotCodec.decode(settled.bytes().toByteArray())) {
            case Decoded.Readable readable -> readable.snapshot().issuers();
            case Decoded.Unreadable _ -> List.of();
        };
    }

    /**
     * @param unread external issuers whose keys are not known, in place of having none
     */
    static List<IssuerEntry> completed(
            List<IssuerEntry> now, List<IssuerEntry> before, Set<String> unread) {
        var byName = new TreeMap<String, IssuerEntry>();
        now.forEach(issuer -> byName.put(issuer.issuer(), issuer));
        boolean cluster = now.stream().anyMatch(IssuerEntry::kubernetes);
        for (var earlier : before) {
            var known = byName.get(earlier.issuer());
            if (earlier.kubernetes()) {
                if (!cluster) {
                    byName.put(earlier.issuer(), earlier);
                }
            } else if (known != null
                    && !known.kubernetes()
                    && known.keys().isEmpty()
                    && unread.contains(earlier.issuer())) {
                byName.put(earlier.issuer(), known.with(earlier.keys()));
            }
        }
        return List.copyOf(byName.values());
    }
}
