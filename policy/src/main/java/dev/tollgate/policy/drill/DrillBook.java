package dev.tollgate.policy.drill;

import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.ModelProvider;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The drills of all providers: begun by the annotation {@value #ANNOTATION}, an instant at most an
 * hour ahead; ended by time, or by taking the annotation away. A value is judged once, when it is
 * first seen, so that one that was refused as too far ahead does not begin by itself later. Not
 * thread-safe.
 *
 * <pre>
 *  none --instant within the hour--> running --its time, annotation gone--> over
 *    |                                  ^                                    |
 *    +--any other value--> refused -----+-----------another value------------+
 * </pre>
 *
 * <p>Proxies tell cumulative counts, which begin anew when a proxy does; a count that is lower than
 * before is added to what it was. After a restart the counts of the status are the least that is
 * told.
 */
public final class DrillBook {

    public static final String ANNOTATION = "tollgate.dev/drill-until";

    /** A drill lasts no longer. */
    public static final Duration LONGEST = Duration.ofHours(1);

    /** Most drills that run at a time: what a proxy holds. */
    public static final int MAX_RUNNING = 100;

    /** A name of a proxy that is gone is remembered for its count alone. */
    private static final int MAX_PROXIES = 4_096;

    private static final int MAX_VALUE_CHARS = 64;

    private record Counts(long answered, long failed) {
        static final Counts NONE = new Counts(0, 0);

        Counts plus(Counts more) {
            return new Counts(answered + more.answered, failed + more.failed);
        }

        boolean less(Counts than) {
            return answered < than.answered || failed < than.failed;
        }
    }

    private static final class Entry {
        final String written;
        final @Nullable Instant asked;
        final @Nullable String refusal;
        final Counts least;
        Instant end;
        Counts earlier = Counts.NONE;
        final Map<String, Counts> heard = new HashMap<>();

        Entry(String written, @Nullable Instant asked, @Nullable String refusal, Counts least) {
            this.written = written;
            this.asked = asked;
            this.refusal = refusal;
            this.least = least;
            this.end = asked == null ? Instant.EPOCH : asked;
        }

        Counts sum() {
            var sum = earlier;
            for (var counts : heard.values()) {
                sum = sum.plus(counts);
            }
            return new Counts(
                    Math.max(sum.answered(), least.answered()),
                    Math.max(sum.failed(), least.failed()));
        }
    }

    private final Map<String, Entry> entries = new HashMap<>();
    private boolean restored;

    /**
     * Takes what statuses say, the first time.
     *
     * @return whether it did, and proxies are to hear of the drills that go on
     */
    public boolean restore(List<ModelProvider> providers) {
        if (restored) {
            return false;
        }
        restored = true;
        for (var provider : providers) {
            var entry = kept(provider);
            if (entry != null) {
                entries.put(key(provider), entry);
            }
        }
        return !entries.isEmpty();
    }

    private static @Nullable Entry kept(ModelProvider provider) {
        var status = provider.status();
        if (status == null) {
            return null;
        }
        var written = value(provider);
        if (written != null) {
            var refusal =
                    status.conditions().stream()
                            .filter(c -> c.type() == ConditionType.DRILL)
                            .filter(c -> c.reason() == ConditionReason.REFUSED)
                            .filter(c -> c.message().startsWith(told(written)))
                            .findFirst();
            if (refusal.isPresent()) {
                return new Entry(written, null, refusal.get().message(), Counts.NONE);
            }
        }
        var drill = status.drill();
        if (drill == null) {
            return null;
        }
        var counts = new Counts(drill.answered(), drill.failed());
        boolean same = written != null && drill.until().equals(instant(written));
        return new Entry(same && written != null ? written : "", drill.until(), null, counts);
    }

    private static String key(ModelProvider provider) {
        return provider.metadata().namespace() + "/" + provider.metadata().name();
    }

    private static @Nullable String value(ModelProvider provider) {
        return provider.metadata().annotations().get(ANNOTATION);
    }

    private static @Nullable Instant instant(String text) {
        try {
            var time = OffsetDateTime.parse(text).toInstant();
            return Instant.ofEpochMilli(time.toEpochMilli());
        } catch (DateTimeException | ArithmeticException e) {
            return null;
        }
    }

    /**
     * The annotations as they are.
     *
     * @return whether other orders are due
     */
    public boolean asked(List<ModelProvider> providers, Instant now) {
        var before = orders(now);
        var known = new HashSet<String>();
        var sorted = providers.stream().sorted(Comparator.comparing(ModelProvider::key)).toList();
        for (var provider : sorted) {
            known.add(key(provider));
            asked(key(provider), value(provider), now);
        }
        entries.keySet().retainAll(known);
        return !orders(now).equals(before);
    }

    private void asked(String provider, @Nullable String value, Instant now) {
        var entry = entries.get(provider);
        if (value == null) {
            if (entry != null && entry.refusal != null) {
                entries.remove(provider);
            } else if (entry != null && now.isBefore(entry.end)) {
                entry.end = now.truncatedTo(ChronoUnit.MILLIS);
            }
            return;
        }
        if (entry != null && entry.written.equals(value)) {
            if (entry.asked != null && now.isBefore(entry.asked)) {
                entry.end = entry.asked; // it was away for a moment
            }
            return;
        }
        var until = instant(value);
        var refusal = refusal(until, now);
        entries.put(
                provider,
                refusal == null
                        ? new Entry(value, until, null, Counts.NONE)
                        : new Entry(value, null, told(value) + refusal, Counts.NONE));
    }

    private static String told(String value) {
        return ANNOTATION
                + ": "
                + value.substring(0, Math.min(value.length(), MAX_VALUE_CHARS))
                + " (expected: ";
    }

    private @Nullable String refusal(@Nullable Instant until, Instant now) {
        if (until == null) {
            return "an instant such as 2027-01-31T10:00:00Z)";
        }
        if (!until.isAfter(now)) {
            return "an instant that is still to come)";
        }
        if (until.isAfter(now.plus(LONGEST))) {
            return "at most 1 h ahead)";
        }
        return orders(now).size() >= MAX_RUNNING
                ? "at most " + MAX_RUNNING + " drills at a time)"
                : null;
    }

    /** What a proxy has counted. */
    public void counted(String proxy, List<DrillCount> counts) {
        for (var count : counts) {
            var entry = entries.get(count.provider());
            if (entry == null || entry.asked == null || entry.asked.toEpochMilli() != count.id()) {
                continue;
            }
            var now = new Counts(Math.max(0, count.answered()), Math.max(0, count.failed()));
            var before = entry.heard.get(proxy);
            if (before == null && entry.heard.size() >= MAX_PROXIES) {
                continue;
            }
            if (before != null && now.less(before)) {
                entry.earlier = entry.earlier.plus(before);
            }
            entry.heard.put(proxy, now);
        }
    }

    /** What proxies must make fail now, by provider. */
    public List<DrillOrder> orders(Instant now) {
        return entries.entrySet().stream()
                .filter(e -> e.getValue().asked != null && now.isBefore(e.getValue().end))
                .map(e -> new DrillOrder(e.getKey(), e.getValue().end))
                .sorted(Comparator.comparing(DrillOrder::provider))
                .toList();
    }

    /** By provider, {@code namespace/name}. */
    public Map<String, Standing> standings() {
        var standings = new HashMap<String, Standing>();
        entries.forEach(
                (provider, entry) -> {
                    var refusal = entry.refusal;
                    var sum = entry.sum();
                    standings.put(
                            provider,
                            refusal != null
                                    ? new Standing.Refused(refusal)
                                    : new Standing.Drill(entry.end, sum.answered(), sum.failed()));
                });
        return Map.copyOf(standings);
    }
}
