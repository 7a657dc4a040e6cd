package dev.tollgate.operator;

import dev.tollgate.operator.kube.WatchedNamespaces;
import dev.tollgate.operator.ledger.ValkeyServer;
import dev.tollgate.policy.issuer.OidcIssuer;
import dev.tollgate.policy.snapshot.SettingsEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The settings of an operator.
 *
 * @param kubeconfig null: the usual places (in a cluster the pod's ServiceAccount)
 * @param namespaces whose ModelProviders, RoutingPolicies and Budgets are read, beside those of the
 *     platform namespace
 * @param secretNamespaces whose Secrets and ConfigMaps are read, beside those of the platform
 *     namespace
 * @param platformNamespace the namespace whose objects may reach others, and of the operator's own
 *     Secrets and ledgers
 * @param pushPort 0: a free one
 * @param pushNames further names and addresses that proxies dial, for the server's certificate
 * @param fleetServiceAccount {@code namespace/name} of the proxies; null: no tokens are asked for
 * @param dataDir keeps the highest epoch that was claimed, should the Secret with it be lost; null:
 *     not kept
 * @param oidcIssuers external issuers whose tokens callers may show
 * @param ledgerStore where the accounts of Budgets are kept
 * @param adminPort of {@code /livez}, {@code /readyz}, {@code /metrics}, {@code /status}; 0: a free
 *     one
 */
public record OperatorOptions(
        @Nullable Path kubeconfig,
        WatchedNamespaces namespaces,
        WatchedNamespaces secretNamespaces,
        String platformNamespace,
        String pushHost,
        int pushPort,
        List<String> pushNames,
        Security security,
        @Nullable String fleetServiceAccount,
        @Nullable Path dataDir,
        SettingsEntry.EndpointPolicy endpointPolicy,
        SettingsEntry.Unbudgeted unbudgetedNamespaces,
        List<OidcIssuer> oidcIssuers,
        LedgerStore ledgerStore,
        String adminHost,
        int adminPort) {

    /** {@code --control-security}. */
    public enum Security {
        MTLS,
        TOKEN,
        NONE
    }

    /** {@code --ledger-store}. */
    public sealed interface LedgerStore {
        /** BudgetLedger objects of the platform namespace. */
        record Kubernetes() implements LedgerStore {}

        /**
         * @param prefix of all keys
         */
        record Valkey(ValkeyServer server, String prefix) implements LedgerStore {}
    }

    private static final String LOOPBACK = "127(\\.\\d{1,3}){3}|::1|localhost";
    private static final String PREFIX = "[A-Za-z0-9:._/-]{1,64}";
    private static final String NAME = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";

    public OperatorOptions {
        pushNames = List.copyOf(pushNames);
        oidcIssuers = List.copyOf(oidcIssuers);
    }

    /** All defaults: everything watched, mutual TLS on loopback and free ports. */
    public static OperatorOptions defaults() {
        return new OperatorOptions(
                null,
                WatchedNamespaces.ALL,
                WatchedNamespaces.ALL,
                "tollgate-system",
                "127.0.0.1",
                8443,
                List.of(),
                Security.MTLS,
                null,
                null,
                SettingsEntry.EndpointPolicy.PUBLIC,
                SettingsEntry.Unbudgeted.ALLOW,
                List.of(),
                new LedgerStore.Kubernetes(),
                "127.0.0.1",
                9090);
    }

    /** Where ModelProviders, RoutingPolicies and Budgets are read. */
    WatchedNamespaces watched() {
        return namespaces.and(platformNamespace);
    }

    /** Where Secrets and ConfigMaps are read. */
    WatchedNamespaces secretsOf() {
        return secretNamespaces.and(platformNamespace);
    }

    /** Throws for the first setting that cannot be used. */
    void check() throws StartRefusal {
        require(
                kubeconfig == null || Files.isReadable(kubeconfig),
                "--kubeconfig: " + kubeconfig + " (expected: a readable file)");
        require(
                platformNamespace.matches(NAME),
                "--platform-namespace: " + platformNamespace + " (expected: a namespace name)");
        for (var name : namespaces.names()) {
            require(name.matches(NAME), "--namespaces: " + name + " (expected: namespace names)");
        }
        for (var name : secretNamespaces.names()) {
            require(
                    name.matches(NAME),
                    "--secret-namespaces: " + name + " (expected: namespace names)");
        }
        if (ledgerStore instanceof LedgerStore.Valkey valkey) {
            require(
                    valkey.prefix().matches(PREFIX),
                    "--ledger-valkey-prefix: "
                            + valkey.prefix()
                            + " (expected: letters, digits and :._/-, at most 64)");
        }
        port("--push-port", pushPort);
        port("--admin-port", adminPort);
        require(
                security != Security.NONE || pushHost.matches(LOOPBACK),
                "--control-security: none (expected: mtls or token, as --push-host "
                        + pushHost
                        + " is not loopback)");
        require(
                security != Security.TOKEN || fleetServiceAccount != null,
                "--control-security: token (expected: --fleet-service-account NAMESPACE/NAME too)");
        require(
                fleetServiceAccount == null
                        || fleetServiceAccount.matches(NAME + "/[a-z0-9.-]{1,253}"),
                "--fleet-service-account: " + fleetServiceAccount + " (expected: NAMESPACE/NAME)");
    }

    private static void port(String flag, int port) throws StartRefusal {
        require(port >= 0 && port <= 65_535, flag + ": " + port + " (expected: 0 to 65535)");
    }

    private static void require(boolean holds, String message) throws StartRefusal {
        if (!holds) {
            throw new StartRefusal(StartRefusal.USAGE, message);
        }
    }
}
