package dev.tollgate.dataplane.standalone;

import dev.tollgate.crds.read.Read;
import dev.tollgate.crds.read.ResourceReader;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.dataplane.config.Credentials;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.policy.canary.CanaryPlan;
import dev.tollgate.policy.compile.Compiled;
import dev.tollgate.policy.compile.Compiler;
import dev.tollgate.policy.compile.LastAccepted;
import dev.tollgate.policy.compile.Problem;
import dev.tollgate.policy.drill.DrillBook;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds a {@link LiveConfig} from a folder of YAML, through the compiler that the operator uses.
 * The folder is looked at four times a second (modification times and sizes, which also see
 * replaced links), so a change is live within a second. A bad object leaves the others serving and
 * is logged with its place, once. Between two looks the canaries are judged; one whose share
 * changes compiles the folder again, as do other keys of an issuer.
 *
 * <pre>
 * files -> ResourceReader -> Resources -> Compiler -> snapshot -> LiveConfig
 * </pre>
 */
public final class FolderConfig implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FolderConfig.class);
    private static final long LOOK_EVERY_MILLIS = 250;
    private static final long QUIET_MILLIS = 60;
    private static final int MAX_LOOKS = 5;
    private static final Pattern NAME = Pattern.compile("[a-z0-9.-]{1,253}");

    private final FolderSettings settings;
    private final LiveConfig live;
    private final FolderCanaries canaries;
    private final Thread watcher;
    private volatile boolean closed;

    // confined to the thread that loads: the starter's first, then the watcher's
    private Read before = new Read(Resources.NONE, Map.of(), List.of(), Set.of());
    private LastAccepted accepted = LastAccepted.NONE;
    private Map<String, CanaryPlan> canaryPlans = Map.of();
    private List<IssuerEntry> issuers = List.of();
    private volatile Set<String> problems = Set.of();
    private Set<String> told = Set.of();
    private String seen = "";
    private long revision;

    private FolderConfig(FolderSettings settings, LiveConfig live, FolderCanaries canaries) {
        this.settings = settings;
        this.live = live;
        this.canaries = canaries;
        this.watcher = Thread.ofVirtual().name("folder").unstarted(this::look);
    }

    /**
     * Loads the folder; nothing is logged yet.
     *
     * @throws IOException if the folder cannot be read or holds no YAML file
     */
    public static FolderConfig load(FolderSettings settings, LiveConfig live) throws IOException {
        return load(settings, live, FolderCanaries.unkept());
    }

    /** As the other, with canaries that go on where they were. */
    static FolderConfig load(FolderSettings settings, LiveConfig live, FolderCanaries canaries)
            throws IOException {
        if (!Files.isDirectory(settings.folder())) {
            throw new NoSuchFileException(settings.folder() + " is not a folder");
        }
        if (YamlFolder.paths(settings.folder()).isEmpty()) {
            throw new NoSuchFileException("no .yaml or .yml file below " + settings.folder());
        }
        var config = new FolderConfig(settings, live, canaries);
        config.load();
        config.seen = config.fingerprint();
        return config;
    }

    /** Logs what was wrong with the folder, and watches it from now on. */
    public void watch() {
        watcher.start();
    }

    /** What the last load found wrong, one line each. */
    public Set<String> problems() {
        return problems;
    }

    private void look() {
        tell(problems);
        while (!closed) {
            try {
                Thread.sleep(LOOK_EVERY_MILLIS);
                var now = fingerprint();
                if (!now.equals(seen)) {
                    now = settled(now);
                    load();
                    tell(problems);
                    seen = now;
                } else if (canaries.judge(canaryPlans)
                        || !settings.issuers().get().equals(issuers)) {
                    load();
                }
            } catch (InterruptedException e) {
                return;
            } catch (IOException e) {
                tell(Set.of("the folder cannot be read: " + e.getMessage()));
            } catch (IllegalStateException e) {
                // a defect of ours: what was served goes on, and the next change is taken
                LOG.error("the folder cannot be compiled", e);
            }
        }
    }

    /** A file that is just being written is not read half, which would delete its objects. */
    private String settled(String fingerprint) throws IOException, InterruptedException {
        var last = fingerprint;
        for (int i = 0; i < MAX_LOOKS; i++) {
            Thread.sleep(QUIET_MILLIS);
            var now = fingerprint();
            if (now.equals(last)) {
                return now;
            }
            last = now;
        }
        return last;
    }

    private void load() throws IOException {
        var files = YamlFolder.read(settings.folder());
        var read = ResourceReader.read(files, settings.secretValues());
        var kept = KeptObjects.of(KeptObjects.withEmptied(read, files, before), before);
        var resources = kept.resources();
        issuers = settings.issuers().get();
        var compiled = compile(resources);
        canaryPlans = compiled.canaries();
        if (canaries.judge(canaryPlans)) {
            compiled = compile(resources);
        }
        accepted = compiled.accepted();
        before = kept;
        problems = problems(kept, compiled);
        var credentials = credentials(resources, compiled.credentials());
        // new keys before the providers that need them; old ones go after those that used them
        if (!credentials.sameAs(live.credentials())) {
            live.credentials(live.credentials().and(credentials));
        }
        apply(refusing(kept, compiled.snapshot()));
        live.credentials(credentials);
    }

    private Compiled compile(Resources resources) {
        return Compiler.compile(
                resources, settings.compile(Instant.now(), issuers), accepted, canaries.states());
    }

    /**
     * A Budget that cannot be read, and of which there is no earlier version, caps nothing: it
     * blocks what it may have been for, until it is mended.
     */
    private Snapshot refusing(Read kept, Snapshot snapshot) {
        var refused =
                kept.refusedBudgets().stream()
                        .filter(key -> !kept.places().containsKey(key))
                        .filter(key -> NAME.matcher(key.namespace()).matches())
                        .map(key -> unreadable(key, snapshot.platformNamespace()))
                        .toList();
        if (refused.isEmpty()) {
            return snapshot;
        }
        var budgets = new TreeMap<String, BudgetEntry>();
        refused.forEach(entry -> budgets.put(entry.key(), entry));
        snapshot.budgets().forEach(entry -> budgets.put(entry.key(), entry));
        return new Snapshot(
                snapshot.schemaVersion(),
                snapshot.platformNamespace(),
                snapshot.settings(),
                snapshot.providers(),
                snapshot.policies(),
                List.copyOf(budgets.values()),
                snapshot.clientKeys(),
                snapshot.issuers());
    }

    private static BudgetEntry unreadable(ResourceKey key, String platformNamespace) {
        var namespaces =
                key.namespace().equals(platformNamespace)
                        ? NamespaceSet.everyone()
                        : NamespaceSet.of(List.of(key.namespace()));
        var name = NAME.matcher(key.name()).matches() ? key.name() : "unnamed";
        return BudgetEntry.blocked(
                key.namespace() + "/" + name,
                namespaces,
                List.of(),
                List.of(),
                "it cannot be read: the gateway's log says why");
    }

    private void apply(Snapshot snapshot) {
        var bytes = SnapshotCodec.encode(snapshot);
        var applied = live.applied();
        if (applied != null && applied.digest().equals(SnapshotCodec.digest(bytes))) {
            return;
        }
        revision++;
        var errors = live.apply(bytes, "0/" + revision);
        if (!errors.isEmpty()) {
            throw new IllegalStateException("the compiler made an invalid snapshot: " + errors);
        }
        if (revision == 1) {
            return;
        }
        LOG.atInfo()
                .addKeyValue("snapshot", "0/" + revision)
                .addKeyValue("providers", snapshot.providers().size())
                .addKeyValue("policies", snapshot.policies().size())
                .addKeyValue("budgets", snapshot.budgets().size())
                .log("configuration applied");
    }

    private static Set<String> problems(Read read, Compiled compiled) {
        var lines = new HashSet<String>();
        read.problems().forEach(problem -> lines.add(problem.toString()));
        compiled.problems().forEach(problem -> lines.add(line(read, problem)));
        for (var provider : read.resources().providers()) {
            if (provider.metadata().annotations().containsKey(DrillBook.ANNOTATION)) {
                lines.add(
                        place(read, provider.key())
                                + provider.key()
                                + ": metadata.annotations: "
                                + DrillBook.ANNOTATION
                                + " begins a drill in a cluster alone: here tollgate drill does");
            }
        }
        compiled.verdicts()
                .values()
                .forEach(verdict -> verdict.problems().forEach(p -> lines.add(line(read, p))));
        return lines;
    }

    private static String line(Read read, Problem problem) {
        return place(read, problem.object()) + problem.object() + ": " + problem.text();
    }

    private static String place(Read read, ResourceKey object) {
        var place = read.places().get(object);
        return place == null ? "" : place + ": ";
    }

    private void tell(Set<String> now) {
        for (var problem : now.stream().sorted().toList()) {
            if (!told.contains(problem)) {
                LOG.warn("{}", problem);
            }
        }
        told = now;
    }

    private static Credentials credentials(Resources resources, Set<String> wanted) {
        var values = new HashMap<String, byte[]>();
        for (var secret : resources.secrets()) {
            secret.data()
                    .forEach(
                            (entry, value) -> {
                                var reference =
                                        secret.metadata().namespace()
                                                + "/"
                                                + secret.metadata().name()
                                                + "/"
                                                + entry;
                                if (wanted.contains(reference)) {
                                    values.put(reference, value.expose());
                                }
                            });
        }
        return Credentials.of(values);
    }

    private String fingerprint() throws IOException {
        var all = new ArrayList<Path>(YamlFolder.paths(settings.folder()));
        if (settings.secretValues() instanceof SecretSources sources) {
            all.addAll(sources.files().stream().sorted().toList());
        }
        var text = new StringBuilder();
        for (var path : all) {
            text.append(path);
            if (Files.exists(path)) {
                text.append(' ')
                        .append(Files.getLastModifiedTime(path))
                        .append(' ')
                        .append(Files.size(path));
            }
            text.append('\n');
        }
        return SnapshotCodec.digest(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        closed = true;
        watcher.interrupt();
    }
}
