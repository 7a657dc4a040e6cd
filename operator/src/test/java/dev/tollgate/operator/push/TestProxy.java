package dev.tollgate.operator.push;

import dev.tollgate.dataplane.config.LastKnownGood;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.control.OperatorAddress;
import dev.tollgate.dataplane.control.OperatorChannel;
import dev.tollgate.dataplane.control.OperatorLink;
import dev.tollgate.dataplane.control.ProxyIdentity;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The control side of a proxy, in this process. */
public final class TestProxy implements AutoCloseable {

    public final LiveConfig live = new LiveConfig();
    public final LastKnownGood files;
    public final OperatorChannel channel;
    private final OperatorLink link;

    public TestProxy(Vertx vertx, OperatorAddress address, String name, Path directory) {
        files = new LastKnownGood(directory.resolve(name));
        files.load(_ -> {})
                .ifPresent(
                        stored -> {
                            live.credentials(stored.credentials());
                            live.apply(stored.snapshot(), stored.revision());
                        });
        channel = new OperatorChannel(vertx, address);
        link =
                OperatorLink.start(
                        channel,
                        new ProxyIdentity(name, "test", "0"),
                        live,
                        files,
                        () -> List.of(),
                        drills -> {});
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
