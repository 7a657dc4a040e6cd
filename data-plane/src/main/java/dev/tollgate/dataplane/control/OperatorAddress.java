package dev.tollgate.dataplane.control;

import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where the operator is and how it and the proxy trust each other. */
public record OperatorAddress(String host, int port, Security security) {

    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "::1", "[::1]", "localhost");

    public OperatorAddress {
        if (host.isEmpty() || port < 1 || port > 65_535) {
            throw new IllegalArgumentException(
                    "--operator: " + host + ":" + port + " (expected: HOST:PORT)");
        }
        if (security instanceof Security.None && !LOOPBACK.contains(host)) {
            throw new IllegalArgumentException(
                    "--control-security: none (expected: mtls or token, as "
                            + host
                            + " is not on loopback)");
        }
    }

    /** {@code --control-security}; files are read again before every connection. */
    public sealed interface Security {

        /** Plain; loopback only. */
        record None() implements Security {}

        /**
         * Certificates both ways.
         *
         * @param directory holds {@code tls.crt}, {@code tls.key} and {@code ca.crt}
         * @param token a projected ServiceAccount token that is sent too; null: none
         */
        record Mtls(Path directory, @Nullable Path token) implements Security {}

        /** The operator's certificate, and a projected ServiceAccount token of the proxy. */
        record Token(Path caCertificates, Path token) implements Security {}
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
