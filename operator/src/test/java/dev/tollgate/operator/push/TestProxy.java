package dev.tollgate.operator.push;

import dev.tollgate.dataplane.config.LastKnownGood;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.control.OperatorAddress;
import dev.tollgate.dataplane.control.OperatorChannel;
import dev.tollgate.dataplane.control.OperatorLink;
import dev.tollgate.dataplane.control.ProxyIdentity;
import dev.tollgate.dataplane.control.RateExchange;
import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.share.RateUse;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The control side of a proxy, in this process. */
public final class TestProxy implements AutoCloseable {

    public final LiveConfig live = new LiveConfig();
    public final LastKnownGood files;
    public final OperatorChannel channel;
    private final OperatorLink link;

    /** What it says that it has used and would need, and the shares that it was told. */
    public final Map<LimitKey, Amounts> used = new ConcurrentHashMap<>();

    public final Map<LimitKey, Amounts> demand = new ConcurrentHashMap<>();
    public final Map<LimitKey, Amounts> shares = new ConcurrentHashMap<>();

    private final RateExchange rates =
            new RateExchange() {
                @Override
                public List<RateUse> uses() {
                    var keys = new ArrayList<>(demand.keySet());
                    shares.keySet().stream().filter(key -> !keys.contains(key)).forEach(keys::add);
                    return keys.stream()
                            .map(
                                    key ->
                                            new RateUse(
                                                    key,
                                                    shares.get(key),
                                                    used.getOrDefault(key, Amounts.NONE),
                                                    demand.getOrDefault(key, Amounts.NONE)))
                            .toList();
                }

                @Override
                public void told(Map<LimitKey, Amounts> told) {
                    shares.putAll(told);
                }
            };

    public TestProxy(Vertx vertx, OperatorAddress address, String name, Path directory) {
        this(new OperatorChannel(vertx, address), name, directory);
    }

    public TestProxy(OperatorChannel channel, String name, Path directory) {
        files = new LastKnownGood(directory.resolve(name));
        files.load(_ -> {})
                .ifPresent(
                        stored -> {
                            live.credentials(stored.credentials());
                            live.apply(stored.snapshot(), stored.revision());
                        });
        this.channel = channel;
        link =
                OperatorLink.start(
                        channel,
                        new ProxyIdentity(name, "test", "0"),
                        live,
                        files,
                        () -> List.of(),
                        drills -> {},
                        rates);
    }

    public String revision() {
        var applied = live.applied();
        return applied == null ? "none" : applied.revision();
    }

    public String text() {
        var applied = live.applied();
        return applied == null ? "" : new String(applied.bytes(), StandardCharsets.UTF_8);
    }

    public String credential(String reference) {
        var value = live.credentials().value(reference);
        return value == null ? "none" : new String(value, StandardCharsets.UTF_8);
    }

    public OperatorLink.State state() {
        return link.state();
    }

    /** In order, as at SIGTERM. */
    @Override
    public void close() {
        link.close();
    }

    /** The connection breaks and nobody dials again. */
    public void kill() {
        link.close();
        channel.close();
    }
}
