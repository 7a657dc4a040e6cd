package dev.tollgate.cli;

import dev.tollgate.dataplane.ProxyOptions;
import dev.tollgate.dataplane.valkey.ValkeyAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The flags that {@code serve} and {@code proxy} share: what one proxy process is told. */
final class ProxyFlags {

    private static final double DEFAULT_SAMPLE_RATIO = 1.0;
    private static final int EVENT_LOOPS_MAX = 1_024;
    private static final Duration CLOSE_LAG_MAX = Duration.ofMinutes(10);

    @Option(
            names = "--port",
            converter = Port.class,
            defaultValue = "8080",
            description = "Data port; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
    int port;

    @Option(
            names = "--admin-port",
            converter = Port.class,
            defaultValue = "9090",
            description =
                    "Port of health, metrics, status and the page; 0 takes a free one. Default:"
                            + " ${DEFAULT-VALUE}.")
    int adminPort;

    @Option(
            names = "--host",
            defaultValue = "127.0.0.1",
            description = "Address of the data port. Default: ${DEFAULT-VALUE}.")
    String host = "127.0.0.1";

    @Option(
            names = "--admin-host",
            defaultValue = "127.0.0.1",
            description = "Address of the admin port. Default: ${DEFAULT-VALUE}.")
    String adminHost = "127.0.0.1";

    @Option(
            names = "--usage-log",
            defaultValue = "stdout",
            description =
                    "Where usage records go: stdout, none or a file. Default: ${DEFAULT-VALUE}.")
    String usageLog = "stdout";

    @Option(
            names = "--event-loops",
            description = "Event loops that serve requests. Default: the number of processors.")
    @Nullable Integer eventLoops;

    @Option(
            names = "--close-lag",
            defaultValue = "${sys:tollgate.close.lag:-0s}",
            description =
                    "How long accepting goes on after SIGTERM, while endpoints lag: for example 5s"
                            + " in a cluster. Default: ${DEFAULT-VALUE}.")
    String closeLag = "0s";

    @Option(
            names = "--valkey",
            paramLabel = "URL",
            converter = ValkeyUrl.class,
            description =
                    "Valkey that proxies share: limits are divided and cached answers kept in it."
                            + " redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// with TLS."
                            + " Default: none.")
    @Nullable ValkeyAddress valkey;

    @Option(
            names = "--valkey-password-file",
            paramLabel = "FILE",
            description = "File with Valkey's password; read at every connection.")
    @Nullable Path valkeyPasswordFile;

    @Option(
            names = "--valkey-ca-file",
            paramLabel = "FILE",
            description = "PEM certificates that vouch for Valkey. Default: those of the system.")
    @Nullable Path valkeyCaFile;

    ProxyOptions options(@Nullable String anonymous) {
        if (anonymous != null && !isLoopback(host)) {
            throw CommandFailure.usage(
                    "--anonymous: "
                            + anonymous
                            + " (expected: only with a loopback --host, not "
                            + host
                            + ")");
        }
        if (eventLoops != null && (eventLoops < 1 || eventLoops > EVENT_LOOPS_MAX)) {
            throw CommandFailure.usage(
                    "--event-loops: " + eventLoops + " (expected: 1 to " + EVENT_LOOPS_MAX + ")");
        }
        var otel = OtelVariables.of(System.getenv());
        otel.ignored().forEach(LoggerFactory.getLogger(ProxyFlags.class)::warn);
        var standard = ProxyOptions.DEFAULT;
        return new ProxyOptions(
                host,
                port,
                adminHost,
                adminPort,
                eventLoops == null ? standard.eventLoops() : eventLoops,
                usageLog,
                anonymous,
                otel.endpoint(),
                otel.spans(),
                otel.records(),
                sampleRatio(),
                otel.resource(),
                standard.connectionsPerProvider(),
                standard.maxConnections(),
                duration(closeLag),
                standard.closeGrace(),
                standard.exchange(),
                valkey());
    }

    private @Nullable ValkeyAddress valkey() {
        needsReadable("--valkey-password-file", valkeyPasswordFile);
        needsReadable("--valkey-ca-file", valkeyCaFile);
        if (valkey == null) {
            return null;
        }
        try {
            return valkey.with(valkeyPasswordFile, valkeyCaFile);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage("--valkey: " + e.getMessage());
        }
    }

    private void needsReadable(String flag, @Nullable Path file) {
        if (file == null) {
            return;
        }
        if (valkey == null) {
            throw CommandFailure.usage(flag + ": " + file + " (expected: only with --valkey)");
        }
        if (!Files.isReadable(file)) {
            throw CommandFailure.usage(flag + ": " + file + " (expected: a readable file)");
        }
    }

    private static double sampleRatio() {
        var text = blankAsNull(System.getenv(OtelVariables.SAMPLER_ARG));
        if (text == null) {
            return DEFAULT_SAMPLE_RATIO;
        }
        try {
            var ratio = Double.parseDouble(text);
            if (ratio >= 0 && ratio <= 1) {
                return ratio;
            }
        } catch (NumberFormatException e) {
            // told below, as any other wrong value
        }
        throw CommandFailure.usage(OtelVariables.SAMPLER_ARG + ": " + text + " (expected: 0 to 1)");
    }

    private static Duration duration(String text) {
        try {
            var lag = Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
            if (!lag.isNegative() && lag.compareTo(CLOSE_LAG_MAX) <= 0) {
                return lag;
            }
        } catch (DateTimeParseException e) {
            // told below, as a duration that is out of range
        }
        throw CommandFailure.usage(
                "--close-lag: " + text + " (expected: a duration such as 5s, at most 10m)");
    }

    private static @Nullable String blankAsNull(@Nullable String text) {
        return text == null || text.isBlank() ? null : text;
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw CommandFailure.usage(
                    "--host: " + host + " (expected: an address of this machine)");
        }
    }
}
