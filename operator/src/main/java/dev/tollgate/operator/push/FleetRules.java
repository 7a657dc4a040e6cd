package dev.tollgate.operator.push;

import dev.tollgate.operator.push.FleetCommand.Changed;
import dev.tollgate.operator.push.FleetCommand.Disconnect;
import dev.tollgate.operator.push.FleetCommand.Refused;
import dev.tollgate.operator.push.FleetCommand.SendCredentials;
import dev.tollgate.operator.push.FleetCommand.SendSnapshot;
import dev.tollgate.operator.push.FleetCommand.Settled;
import dev.tollgate.operator.push.ProxyState.Away;
import dev.tollgate.operator.push.ProxyState.Idle;
import dev.tollgate.operator.push.ProxyState.Incompatible;
import dev.tollgate.operator.push.ProxyState.Offered;
import dev.tollgate.operator.push.ProxyState.Refusing;
import dev.tollgate.operator.push.Rollout.Open;
import dev.tollgate.operator.push.Rollout.Trying;
import dev.tollgate.operator.push.Rollout.Withdrawn;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The transitions of the fleet: {@code (fleet, event, now) -> (fleet, commands)}, pure. The rules
 * are api.md S12 to S14: one proxy first, the rest after its ACK, another one first if it is silent
 * for 2 s; only the newest release waits for a proxy; credentials before the snapshot that needs
 * them; a proxy that is not heard for 15 s counts for nothing.
 */
public final class FleetRules {

    /** How long the first proxy may be silent before another one is first. */
    static final Duration FIRST_SILENT = Duration.ofSeconds(2);

    /** How long an offer may stay unanswered before the stream is closed. */
    static final Duration OFFER_UNANSWERED = Duration.ofSeconds(30);

    /** How long a proxy that is gone is remembered. */
    static final Duration REMEMBERED = Duration.ofMinutes(10);

    /** Most proxies that one operator serves. */
    public static final int MAX_PROXIES = 1024;

    /** The outcome of one event. */
    public record Step(Fleet fleet, List<FleetCommand> commands) {
        public Step {
            commands = List.copyOf(commands);
        }
    }

    private final Instant now;
    private final Map<String, Proxy> proxies;
    private final List<FleetCommand> commands = new ArrayList<>();
    private final Fleet before;
    private Rollout rollout;
    private @Nullable Release newest;
    private @Nullable Release verified;
    private @Nullable Release settled;
    private long credentials;

    private FleetRules(Fleet before, Instant now) {
        this.before = before;
        this.now = now;
        this.proxies = new TreeMap<>(before.proxies());
        this.rollout = before.rollout();
        this.newest = before.newest();
        this.verified = before.verified();
        this.settled = before.settled();
        this.credentials = before.credentials();
    }

    public static Step apply(Fleet fleet, FleetEvent event, Instant now) {
        var rules = new FleetRules(fleet, now);
        rules.on(event);
        rules.advance();
        return rules.step();
    }

    private Step step() {
        var after = new Fleet(proxies, rollout, newest, verified, settled, credentials);
        if (!seen(before, now).equals(seen(after, now))) {
            commands.add(new Changed());
        }
        return new Step(after, commands);
    }

    /** What statuses are made of. */
    private static Map<String, Object> seen(Fleet fleet, Instant now) {
        var seen = new TreeMap<String, Object>();
        for (var proxy : fleet.live(now)) {
            var refusing = proxy.state() instanceof Refusing r ? r.refusals() : List.of();
            var incompatible = proxy.state() instanceof Incompatible;
            var unhealthy =
                    proxy.health().stream()
                            .map(
                                    h ->
                                            h.provider()
                                                    + h.circuitOpen()
                                                    + h.credentialRejected()
                                                    + h.unhealthy()
                                                    + h.model().isEmpty())
                            .distinct()
                            .toList();
            seen.put(proxy.name(), List.of(proxy.said(), refusing, incompatible, unhealthy));
        }
        return seen;
    }

    private void on(FleetEvent event) {
        switch (event) {
            case FleetEvent.Published published -> {
                newest = published.release();
                rollout = new Trying(null, now, Set.of());
            }
            case FleetEvent.CredentialsChanged changed -> credentials = changed.revision();
            case FleetEvent.Connected connected -> connect(connected);
            case FleetEvent.Lost lost ->
                    change(lost.proxy(), lost.connection(), p -> p.with(new Away()));
            case FleetEvent.Left left -> {
                if (known(left.proxy(), left.connection()) != null) {
                    proxies.remove(left.proxy());
                }
            }
            case FleetEvent.Acked acked -> acknowledge(acked);
            case FleetEvent.Nacked nacked -> refuse(nacked);
            case FleetEvent.Heard heard ->
                    change(heard.proxy(), heard.connection(), p -> p.healthy(heard.health()));
            case FleetEvent.Tick _ -> tick();
        }
    }

    private @Nullable Proxy known(String name, long connection) {
        var proxy = proxies.get(name);
        return proxy != null && proxy.connection() == connection ? proxy : null;
    }

    private void change(String name, long connection, UnaryOperator<Proxy> change) {
        var proxy = known(name, connection);
        if (proxy != null) {
            var changed = change.apply(proxy);
            proxies.put(name, changed.connected() ? changed.heardAt(now) : changed);
        }
    }

    private void connect(FleetEvent.Connected hello) {
        var earlier = proxies.get(hello.proxy());
        if (earlier != null && earlier.connected()) {
            commands.add(new Disconnect(earlier.connection(), "replaced by a newer stream"));
        }
        if (earlier == null && proxies.size() >= MAX_PROXIES) {
            commands.add(
                    new Disconnect(hello.connection(), "more than " + MAX_PROXIES + " proxies"));
            return;
        }
        Release applied = null;
        for (var release : new Release[] {newest, verified, settled}) {
            if (release != null
                    && release.digest().equals(hello.digest())
                    && release.revision().equals(hello.applied())) {
                applied = release;
            }
        }
        boolean readable =
                newest == null
                        || (hello.schemaMin() <= newest.schemaVersion()
                                && newest.schemaVersion() <= hello.schemaMax());
        proxies.put(
                hello.proxy(),
                new Proxy(
                        hello.proxy(),
                        hello.connection(),
                        now,
                        applied,
                        hello.applied(),
                        hello.digest(),
                        0,
                        List.of(),
                        readable
                                ? new Idle()
                                : new Incompatible(hello.schemaMin(), hello.schemaMax())));
    }

    private void acknowledge(FleetEvent.Acked acked) {
        var proxy = known(acked.proxy(), acked.connection());
        if (proxy == null
                || !(proxy.state() instanceof Offered offered)
                || !offered.release().revision().equals(acked.revision())) {
            return;
        }
        var release = offered.release();
        proxies.put(proxy.name(), proxy.serving(release).heardAt(now));
        boolean isNewest = newest != null && newest.revision().equals(release.revision());
        if (isNewest && rollout instanceof Withdrawn) {
            return;
        }
        if (verified == null || verified.revision().compareTo(release.revision()) < 0) {
            verified = release;
        }
        if (isNewest) {
            rollout = new Open();
        }
    }

    private void refuse(FleetEvent.Nacked nacked) {
        var proxy = known(nacked.proxy(), nacked.connection());
        if (proxy == null
                || !(proxy.state() instanceof Offered offered)
                || !offered.release().revision().equals(nacked.revision())) {
            return;
        }
        var release = offered.release();
        proxies.put(
                proxy.name(), proxy.with(new Refusing(release, nacked.refusals())).heardAt(now));
        if (newest != null && newest.revision().equals(release.revision())) {
            rollout = new Withdrawn();
        }
        if (verified != null && verified.revision().equals(release.revision())) {
            verified = settled;
        }
        commands.add(new Refused(proxy.name(), release, nacked.refusals()));
    }

    private void tick() {
        for (var proxy : List.copyOf(proxies.values())) {
            if (proxy.connected() && proxy.heard().plus(Fleet.LIVE_WITHIN).isBefore(now)) {
                commands.add(new Disconnect(proxy.connection(), "no heartbeat"));
                proxies.put(proxy.name(), proxy.with(new Away()));
            } else if (proxy.state() instanceof Offered offered
                    && offered.since().plus(OFFER_UNANSWERED).isBefore(now)) {
                commands.add(new Disconnect(proxy.connection(), "a snapshot was not answered"));
                proxies.put(proxy.name(), proxy.with(new Away()));
            } else if (!proxy.connected() && proxy.heard().plus(REMEMBERED).isBefore(now)) {
                proxies.remove(proxy.name());
            }
        }
    }

    /** Sends whatever is due now: credentials first, then the first proxy's turn, then the rest. */
    private void advance() {
        sendCredentials();
        chooseFirst();
        for (var proxy : List.copyOf(proxies.values())) {
            var due = due(proxy);
            if (due != null && proxy.free() && later(due, proxy) && !proxy.refused(due)) {
                commands.add(
                        new SendSnapshot(
                                proxy.connection(), due, proxy.digest().equals(due.digest())));
                proxies.put(proxy.name(), proxy.with(new Offered(due, now)));
            }
        }
        settle();
    }

    private void sendCredentials() {
        if (credentials == 0) {
            return;
        }
        for (var proxy : List.copyOf(proxies.values())) {
            if (proxy.connected() && proxy.credentials() != credentials) {
                commands.add(new SendCredentials(proxy.connection()));
                proxies.put(proxy.name(), proxy.sent(credentials));
            }
        }
    }

    private void chooseFirst() {
        if (!(rollout instanceof Trying trying)) {
            return;
        }
        var current = trying.proxy() == null ? null : proxies.get(trying.proxy());
        boolean waiting =
                current != null
                        && current.connected()
                        && trying.since().plus(FIRST_SILENT).isAfter(now);
        if (waiting) {
            return;
        }
        var next =
                proxies.values().stream()
                        .filter(p -> p.free() && !trying.tried().contains(p.name()))
                        .findFirst();
        if (next.isEmpty()) {
            boolean nobodyTries = current == null || !current.connected();
            if (nobodyTries && !trying.tried().isEmpty()) {
                rollout = new Trying(null, now, Set.of());
            }
            return;
        }
        var tried = new HashSet<>(trying.tried());
        tried.add(next.get().name());
        rollout = new Trying(next.get().name(), now, tried);
    }

    private static boolean later(Release due, Proxy proxy) {
        return proxy.applied() == null || proxy.applied().revision().compareTo(due.revision()) < 0;
    }

    /** What a proxy should serve by now; null if there is nothing for it. */
    private @Nullable Release due(Proxy proxy) {
        return switch (rollout) {
            case Rollout.Nothing _ -> null;
            case Trying trying -> proxy.name().equals(trying.proxy()) ? newest : verified;
            case Open _ -> newest;
            case Withdrawn _ -> verified;
        };
    }

    private void settle() {
        if (!(rollout instanceof Open) || newest == null || same(settled, newest)) {
            return;
        }
        var release = newest;
        var live = new Fleet(proxies, rollout, newest, verified, settled, credentials).live(now);
        if (!live.isEmpty() && live.stream().allMatch(p -> p.serves(release))) {
            settled = release;
            commands.add(new Settled(release));
        }
    }

    private static boolean same(@Nullable Release one, Release other) {
        return one != null && one.revision().equals(other.revision());
    }
}
