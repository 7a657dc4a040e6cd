package dev.tollgate.dataplane.budget;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dataplane.wal.DurableFile;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.violation.Violation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls that this process saw billed above their bound: of each Budget the first one since the last
 * that was acknowledged. From that moment a Hard Budget is stopped here; the operator is told, and
 * stops it elsewhere. It is kept in a file, and outlives the Budget's deletion until it is
 * acknowledged. Any thread; only {@link #in} and {@link #flush} block.
 */
public final class BoundViolations {

    /**
     * Of so many Budgets; for a further one is forgotten what is acknowledged, else what the
     * operator was told, else the oldest.
     */
    static final int MAX_KEPT = 1_024;

    private static final Logger LOG = LoggerFactory.getLogger(BoundViolations.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Kept(Violation violation, boolean acknowledged) {}

    private final @Nullable Path file;
    private final Object writing = new Object();
    private volatile Map<String, Kept> kept;
    private volatile Map<String, Kept> written;
    private volatile Map<String, BudgetEntry> entries = Map.of();
    private volatile Runnable seen = () -> {};

    private BoundViolations(@Nullable Path file, Map<String, Kept> kept) {
        this.file = file;
        this.kept = kept;
        this.written = kept;
    }

    /**
     * As they are in the file. One that cannot be read holds none: it does not say which Budgets it
     * would stop, and what the operator was told stops them by the snapshot.
     */
    public static BoundViolations in(Path file) {
        return new BoundViolations(file, load(file));
    }

    /** Forgotten with the process. */
    public static BoundViolations unkept() {
        return new BoundViolations(null, Map.of());
    }

    /** To be run when there is something to tell; must not block. */
    public void whenSeen(Runnable action) {
        seen = action;
    }

    /** A provider has billed a call above its bound. */
    void saw(Violation violation) {
        var budget = violation.budget();
        synchronized (this) {
            var entry = entries.get(budget);
            boolean stops = violation.stops();
            if (isOpen(entry, stops) || isOpen(kept.get(budget), entry, stops)) {
                return;
            }
            var asked = entry == null ? null : entry.acknowledgedAtMillis();
            // what is acknowledged in advance says nothing of what nobody had seen
            var later =
                    asked == null
                            ? violation
                            : violation.at(
                                    later(
                                            violation.at(),
                                            Instant.ofEpochMilli(asked).plusMillis(1)));
            var next = new HashMap<>(kept);
            if (next.size() >= MAX_KEPT && !next.containsKey(budget)) {
                next.remove(leastNeeded());
            }
            next.put(budget, new Kept(later, false));
            kept = Map.copyOf(next);
        }
        store();
        seen.run();
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    /** The fleet knows of one that nobody has acknowledged. */
    private static boolean isOpen(@Nullable BudgetEntry entry, boolean stopping) {
        if (entry == null) {
            return false;
        }
        var at = entry.violatedAtMillis();
        var told = stopping ? null : entry.toldAtMillis();
        return at != null && !entry.acknowledges(at) || told != null && !entry.acknowledges(told);
    }

    private static boolean isOpen(
            @Nullable Kept one, @Nullable BudgetEntry entry, boolean stopping) {
        return one != null && (one.violation().stops() || !stopping) && !isAcknowledged(one, entry);
    }

    private static boolean isAcknowledged(Kept one, @Nullable BudgetEntry entry) {
        return entry == null
                ? one.acknowledged()
                : entry.acknowledges(one.violation().at().toEpochMilli());
    }

    private String leastNeeded() {
        return kept.values().stream()
                .min(
                        Comparator.comparing(
                                        (Kept one) ->
                                                !isAcknowledged(
                                                        one, entries.get(one.violation().budget())))
                                .thenComparing(this::isUntold)
                                .thenComparing(one -> one.violation().at()))
                .orElseThrow()
                .violation()
                .budget();
    }

    /** The Budgets as they are now: one that is gone takes with it what was acknowledged. */
    void budgets(List<BudgetEntry> now) {
        boolean more;
        synchronized (this) {
            var before = Set.copyOf(untold());
            var byKey = new HashMap<String, BudgetEntry>();
            for (var entry : now) {
                if (entry.limitMicros() != null) {
                    byKey.put(entry.key(), entry);
                }
            }
            entries = Map.copyOf(byKey);
            var next = new HashMap<String, Kept>();
            kept.forEach(
                    (budget, one) -> {
                        var entry = byKey.get(budget);
                        var acknowledged = isAcknowledged(one, entry);
                        if (entry != null || !acknowledged) {
                            next.put(budget, new Kept(one.violation(), acknowledged));
                        }
                    });
            kept = Map.copyOf(next);
            more = !before.containsAll(untold());
        }
        store();
        if (more) {
            seen.run();
        }
    }

    /** What stops this Budget here; null: nothing. */
    @Nullable Violation stopping(BudgetEntry entry) {
        var one = kept.get(entry.key());
        return one != null
                        && one.violation().stops()
                        && entry.stoppedBy(one.violation().at().toEpochMilli())
                ? one.violation()
                : null;
    }

    /** What the snapshot does not show, although it is not acknowledged. */
    public List<Violation> untold() {
        return kept.values().stream().filter(this::isUntold).map(Kept::violation).toList();
    }

    private boolean isUntold(Kept one) {
        var entry = entries.get(one.violation().budget());
        if (entry == null) {
            return false;
        }
        var at = one.violation().at().toEpochMilli();
        if (entry.acknowledges(at) || !one.violation().stops() && isOpen(entry, true)) {
            return false;
        }
        var shown =
                one.violation().stops() || entry.toldAtMillis() == null
                        ? entry.violatedAtMillis()
                        : entry.toldAtMillis();
        return shown == null || shown < at;
    }

    private void store() {
        if (file != null && !kept.equals(written)) {
            Thread.ofVirtual().name("bound-violations").start(this::flush);
        }
    }

    /** Makes what is known durable. */
    void flush() {
        if (file == null) {
            return;
        }
        synchronized (writing) {
            var now = kept;
            if (now.equals(written)) {
                return;
            }
            var all = JSON.createObjectNode();
            new TreeMap<>(now)
                    .forEach(
                            (budget, one) ->
                                    all.putObject(budget)
                                            .put("at", one.violation().at().toString())
                                            .put("request", one.violation().request())
                                            .put("cost", one.violation().cost().toString())
                                            .put("bound", one.violation().bound().toString())
                                            .put("stops", one.violation().stops())
                                            .put("acknowledged", one.acknowledged()));
            try {
                DurableFile.replace(file, JSON.writeValueAsBytes(all));
                written = now;
            } catch (IOException e) {
                LOG.atError()
                        .addKeyValue("error", e.getMessage())
                        .log("bound violations are not kept: a restart may lift what they stop");
            }
        }
    }

    private static Map<String, Kept> load(Path file) {
        try {
            var all = new HashMap<String, Kept>();
            for (var one : JSON.readTree(Files.readAllBytes(file)).properties()) {
                all.put(one.getKey(), read(one.getKey(), one.getValue()));
            }
            return Map.copyOf(all);
        } catch (NoSuchFileException e) {
            return Map.of();
        } catch (IOException | IllegalArgumentException | DateTimeException e) {
            LOG.atError()
                    .addKeyValue("error", e.getMessage())
                    .log("bound violations cannot be read: those that nobody was told are lost");
            return Map.of();
        }
    }

    private static Kept read(String budget, JsonNode node) {
        return new Kept(
                new Violation(
                        budget,
                        Instant.parse(node.path("at").asText()),
                        node.path("request").asText(),
                        Money.parse(node.path("cost").asText()),
                        Money.parse(node.path("bound").asText()),
                        node.path("stops").asBoolean(true)),
                node.path("acknowledged").asBoolean());
    }
}
