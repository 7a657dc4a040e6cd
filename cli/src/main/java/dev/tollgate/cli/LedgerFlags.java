package dev.tollgate.cli;

import dev.tollgate.dataplane.valkey.ValkeyAddress;
import dev.tollgate.operator.OperatorOptions.LedgerStore;
import dev.tollgate.operator.ledger.ValkeyServer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags of the operator that say where the accounts of Budgets are kept. */
final class LedgerFlags {

    /** {@code --ledger-store}. */
    enum Store {
        kubernetes,
        valkey
    }

    @Option(
            names = "--ledger-store",
            defaultValue = "kubernetes",
            description =
                    "Where the accounts of Budgets are kept: kubernetes (BudgetLedger objects) or valkey."
                            + " Default: ${DEFAULT-VALUE}.")
    Store store = Store.kubernetes;

    @Option(
            names = "--ledger-valkey",
            paramLabel = "URL",
            converter = ValkeyUrl.class,
            description =
                    "Valkey or Redis 7.2 or later with appendonly yes, for --ledger-store valkey."
                            + " redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// with TLS.")
    @Nullable ValkeyAddress address;

    @Option(
            names = "--ledger-valkey-password-file",
            paramLabel = "FILE",
            description = "File with its password; read at every connection.")
    @Nullable Path passwordFile;

    @Option(
            names = "--ledger-valkey-ca-file",
            paramLabel = "FILE",
            description = "PEM certificates that vouch for it. Default: those of the system.")
    @Nullable Path caFile;

    @Option(
            names = "--ledger-valkey-prefix",
            paramLabel = "TEXT",
            defaultValue = "tollgate:ledger",
            description =
                    "What its keys begin with; one for each fleet. Default: ${DEFAULT-VALUE}.")
    String prefix = "tollgate:ledger";

    LedgerStore store() {
        var named = address;
        if (store == Store.kubernetes) {
            refuse("--ledger-valkey", named);
            refuse("--ledger-valkey-password-file", passwordFile);
            refuse("--ledger-valkey-ca-file", caFile);
            return new LedgerStore.Kubernetes();
        }
        if (named == null) {
            throw CommandFailure.usage(
                    "--ledger-store: valkey (expected: --ledger-valkey URL too)");
        }
        needsReadable("--ledger-valkey-password-file", passwordFile);
        needsReadable("--ledger-valkey-ca-file", caFile);
        try {
            return new LedgerStore.Valkey(server(named.with(passwordFile, caFile)), prefix);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage("--ledger-valkey: " + e.getMessage());
        }
    }

    private static ValkeyServer server(ValkeyAddress address) {
        return new ValkeyServer(
                address.tls(),
                address.host(),
                address.port(),
                address.database(),
                address.user(),
                address.password(),
                address.passwordFile(),
                address.authorities());
    }

    private static void refuse(String flag, @Nullable Object value) {
        if (value != null) {
            throw CommandFailure.usage(
                    flag + ": " + value + " (expected: only with --ledger-store valkey)");
        }
    }

    private static void needsReadable(String flag, @Nullable Path file) {
        if (file != null && !Files.isReadable(file)) {
            throw CommandFailure.usage(flag + ": " + file + " (expected: a readable file)");
        }
    }
}
