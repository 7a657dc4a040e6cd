package dev.tollgate.cli;

import dev.tollgate.operator.Operator;
import dev.tollgate.operator.OperatorOptions;
import dev.tollgate.operator.StartRefusal;
import dev.tollgate.operator.kube.WatchedNamespaces;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The operator of one cluster. */
@Command(
        name = "operator",
        description =
                "Reconciles ModelProviders, RoutingPolicies and Budgets, and pushes what they compile to, to a fleet of"
                        + " proxies.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class OperatorCommand extends TollgateCommand {

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "Default: in a cluster the Pod's own account, else the usual file.")
    @Nullable Path kubeconfig;

    @Option(
            names = "--namespaces",
            split = ",",
            description = "Namespaces whose objects are read. Default: all.")
    List<String> namespaces = List.of();

    @Option(
            names = "--secret-namespaces",
            split = ",",
            description = "Namespaces whose Secrets and ConfigMaps are read. Default: all.")
    List<String> secretNamespaces = List.of();

    @Mixin LedgerFlags ledger = new LedgerFlags();

    @Mixin CompileFlags compile = new CompileFlags();

    @Option(
            names = "--push-host",
            defaultValue = "127.0.0.1",
            description = "Address of the push port. Default: ${DEFAULT-VALUE}.")
    String pushHost = "127.0.0.1";

    @Option(
            names = "--push-port",
            converter = Port.class,
            defaultValue = "8443",
            description = "Port that proxies dial; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
    int pushPort;

    @Option(
            names = "--push-name",
            split = ",",
            description =
                    "Names and addresses that proxies dial, for the certificate. Default: the push host.")
    List<String> pushNames = List.of();

    @Option(
            names = "--control-security",
            defaultValue = "mtls",
            description =
                    "How operator and proxies trust each other: mtls, token, or none (on loopback only). Default: ${DEFAULT-VALUE}.")
    ControlSecurity security = ControlSecurity.MTLS;

    @Option(
            names = "--fleet-service-account",
            paramLabel = "NAMESPACE/NAME",
            description = "ServiceAccount of the proxies, whose tokens are reviewed.")
    @Nullable String fleetServiceAccount;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Directory for the highest epoch that was claimed. Default: not kept.")
    @Nullable Path data;

    @Option(
            names = "--admin-host",
            defaultValue = "127.0.0.1",
            description = "Address of the admin port. Default: ${DEFAULT-VALUE}.")
    String adminHost = "127.0.0.1";

    @Option(
            names = "--admin-port",
            converter = Port.class,
            defaultValue = "9090",
            description =
                    "Port of health, metrics and status; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
    int adminPort;

    @Override
    int run() {
        var fenced = new AtomicBoolean();
        Operator operator;
        try {
            operator =
                    Operator.start(
                            options(),
                            () -> {
                                fenced.set(true);
                                Until.stop();
                            });
        } catch (StartRefusal e) {
            throw e.exitCode() == StartRefusal.USAGE
                    ? CommandFailure.usage(String.valueOf(e.getMessage()))
                    : CommandFailure.missing(String.valueOf(e.getMessage()));
        }
        LoggerFactory.getLogger(OperatorCommand.class)
                .info("listening port={} admin-port={}", operator.pushPort(), operator.adminPort());
        Until.stopped();
        operator.close();
        return fenced.get() ? ExitCode.FAILED : ExitCode.OK;
    }

    private OperatorOptions options() {
        return new OperatorOptions(
                kubeconfig,
                new WatchedNamespaces(Set.copyOf(namespaces)),
                new WatchedNamespaces(Set.copyOf(secretNamespaces)),
                compile.platformNamespace,
                pushHost,
                pushPort,
                pushNames,
                switch (security) {
                    case MTLS -> OperatorOptions.Security.MTLS;
                    case TOKEN -> OperatorOptions.Security.TOKEN;
                    case NONE -> OperatorOptions.Security.NONE;
                },
                fleetServiceAccount,
                data,
                compile.endpointPolicy,
                compile.unbudgetedNamespaces,
                compile.issuers(),
                ledger.store(),
                adminHost,
                adminPort);
    }
}
