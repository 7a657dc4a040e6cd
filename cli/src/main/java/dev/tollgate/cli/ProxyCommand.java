package dev.tollgate.cli;

import dev.tollgate.dataplane.control.OperatorAddress;
import dev.tollgate.dataplane.control.OperatorAddress.Security;
import dev.tollgate.dataplane.fleet.FleetProxy;
import dev.tollgate.dataplane.fleet.FleetSettings;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One data-plane proxy of a fleet. */
@Command(
        name = "proxy",
        description =
                "One proxy of a fleet; it serves what it has when the operator is away, and after a restart too.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ProxyCommand extends TollgateCommand {

    @Option(
            names = "--operator",
            required = true,
            paramLabel = "HOST:PORT",
            description = "Where the operator's push port is.")
    String operator = "";

    @Mixin ProxyFlags proxy = new ProxyFlags();

    @Option(
            names = "--proxy-name",
            description =
                    "Unique in the fleet; in a cluster the pod's UID. Default: the identity of the write-ahead log.")
    @Nullable String name;

    @Option(
            names = "--control-security",
            defaultValue = "mtls",
            description =
                    "How operator and proxy trust each other: mtls, token, or none (on loopback only). Default: ${DEFAULT-VALUE}.")
    ControlSecurity security = ControlSecurity.MTLS;

    @Option(
            names = "--control-tls",
            paramLabel = "DIR",
            description =
                    "Directory of ca.crt, and of tls.crt and tls.key for mtls; read again before every connection.")
    @Nullable Path tls;

    @Option(
            names = "--control-token-file",
            paramLabel = "FILE",
            description = "Projected ServiceAccount token with the audience tollgate-control.")
    @Nullable Path token;

    @Option(
            names = "--data",
            defaultValue = "data",
            description = "Directory of the write-ahead log. Default: ${DEFAULT-VALUE}.")
    Path data = Path.of("data");

    @Option(
            names = "--config-data",
            paramLabel = "DIR",
            description =
                    "Directory of the last snapshot that served, with credentials: best on a memory-backed volume."
                            + " Default: config in the data directory.")
    @Nullable Path configData;

    @Option(
            names = "--last-known-good",
            paramLabel = "DIR",
            description =
                    "Directory with the release that the whole fleet serves (part-0 to part-3), for a proxy that is new.")
    @Nullable Path lastKnownGood;

    @Override
    int run() {
        var options = proxy.options(null);
        var settings =
                new FleetSettings(
                        address(),
                        name,
                        Version.number(),
                        data,
                        configData == null ? data.resolve("config") : configData,
                        lastKnownGood);
        var vertx = Runtimes.vertx();
        FleetProxy started;
        try {
            started = Until.ready(FleetProxy.start(vertx, options, settings), options.port());
        } catch (IOException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
        LoggerFactory.getLogger(ProxyCommand.class)
                .info("listening port={} admin-port={}", started.port(), started.adminPort());
        Until.stopped();
        Until.closed(started.close(), vertx);
        return ExitCode.OK;
    }

    private OperatorAddress address() {
        int colon = operator.lastIndexOf(':');
        try {
            return new OperatorAddress(
                    operator.substring(0, Math.max(0, colon)),
                    Integer.parseInt(operator.substring(colon + 1)),
                    security());
        } catch (NumberFormatException e) {
            throw CommandFailure.usage("--operator: " + operator + " (expected: HOST:PORT)");
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
    }

    private Security security() {
        return switch (security) {
            case NONE -> new Security.None();
            case MTLS -> new Security.Mtls(needed("--control-tls", tls), token);
            case TOKEN ->
                    new Security.Token(
                            needed("--control-tls", tls).resolve("ca.crt"),
                            needed("--control-token-file", token));
        };
    }

    private Path needed(String flag, @Nullable Path value) {
        if (value == null) {
            throw CommandFailure.usage(
                    flag
                            + ": missing (expected: a path, as --control-security is "
                            + security
                            + ")");
        }
        return value;
    }
}
