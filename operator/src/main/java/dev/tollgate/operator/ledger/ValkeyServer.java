package dev.tollgate.operator.ledger;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the Valkey of a ledger is, and how to be let in. Its text shows no password.
 *
 * @param tls whether its certificate must prove that it is {@code host}
 * @param user null: the default one
 * @param password null: none, or in the file
 * @param passwordFile read at every connection; null: none
 * @param authorities PEM file of those that may vouch for it; null: those of the system
 */
public record ValkeyServer(
        boolean tls,
        String host,
        int port,
        int database,
        @Nullable String user,
        @Nullable String password,
        @Nullable Path passwordFile,
        @Nullable Path authorities) {

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
