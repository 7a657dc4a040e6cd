package dev.tollgate.dataplane.valkey;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a Valkey is, and how to be let in. Its text shows no password.
 *
 * @param tls whether its certificate must prove that it is {@code host}
 * @param user null: the default one
 * @param password null: none, or in the file
 * @param passwordFile read at every connection; null: none
 * @param authorities PEM file of those that may vouch for it; null: those of the system
 */
public record ValkeyAddress(
        boolean tls,
        String host,
        int port,
        int database,
        @Nullable String user,
        @Nullable String password,
        @Nullable Path passwordFile,
        @Nullable Path authorities) {

    private static final int USUAL_PORT = 6379;
    private static final int MAX_PORT = 65_535;
    private static final int MAX_DATABASE = 1_023;
    private static final String EXPECTED =
            "expected: redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS";

    /**
     * Reads {@code redis://} and {@code rediss://} addresses, also written {@code valkey://} and
     * {@code valkeys://}.
     *
     * @throws IllegalArgumentException in one line that names no secret
     */
    public static ValkeyAddress parse(String text) {
        URI uri;
        try {
            uri = new URI(text.trim());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("not an address (" + EXPECTED + ")");
        }
        var scheme = uri.getScheme() == null ? "" : uri.getScheme();
        boolean tls =
                switch (scheme) {
                    case "redis", "valkey" -> false;
                    case "rediss", "valkeys" -> true;
                    default ->
                            throw new IllegalArgumentException(
                                    "scheme " + scheme + " (" + EXPECTED + ")");
                };
        var host = uri.getHost();
        if (host == null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    (host == null ? "no host" : "more than a database") + " (" + EXPECTED + ")");
        }
        int port = uri.getPort() == -1 ? USUAL_PORT : uri.getPort();
        if (port < 1 || port > MAX_PORT) {
            throw new IllegalArgumentException("port " + port + " (expected: 1.." + MAX_PORT + ")");
        }
        var login = uri.getUserInfo() == null ? "" : uri.getUserInfo();
        int colon = login.indexOf(':');
        var user = colon < 0 ? login : login.substring(0, colon);
        return new ValkeyAddress(
                tls,
                host,
                port,
                database(uri.getPath()),
                user.isEmpty() ? null : user,
                colon < 0 ? null : login.substring(colon + 1),
                null,
                null);
    }

    private static int database(@Nullable String path) {
        if (path == null || path.isEmpty() || path.equals("/")) {
            return 0;
        }
        try {
            int database = Integer.parseInt(path.substring(1));
            if (database >= 0 && database <= MAX_DATABASE) {
                return database;
            }
        } catch (NumberFormatException e) {
            // told below, as one that is out of range
        }
        throw new IllegalArgumentException(
                "database " + path.substring(1) + " (expected: 0.." + MAX_DATABASE + ")");
    }

    /**
     * With what is in files beside the address.
     *
     * @throws IllegalArgumentException if there are two passwords, or certificates without TLS
     */
    public ValkeyAddress with(@Nullable Path passwords, @Nullable Path certificates) {
        if (passwords != null && password != null) {
            throw new IllegalArgumentException("a password in the address and in a file");
        }
        if (certificates != null && !tls) {
            throw new IllegalArgumentException(
                    "certificates for an address without TLS (expected: rediss://)");
        }
        return new ValkeyAddress(
                tls, host, port, database, user, password, passwords, certificates);
    }

    /** The password as it is now, null: none. Reads a small file. */
    @Nullable String secret() throws IOException {
        if (passwordFile == null) {
            return password;
        }
        return Files.readString(passwordFile, StandardCharsets.UTF_8).strip();
    }

    @Override
    public String toString() {
        return (tls ? "rediss://" : "redis://") + host + ":" + port + "/" + database;
    }
}
