package dev.tollgate.cli;

import dev.tollgate.dataplane.ProxyOptions;
import dev.tollgate.dataplane.standalone.FolderSettings;
import dev.tollgate.dataplane.standalone.SecretSources;
import dev.tollgate.dataplane.standalone.Standalone;
import dev.tollgate.operator.oidc.IssuerKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A standalone gateway on a watched folder of YAML. */
@Command(
        name = "serve",
        description =
                "A standalone gateway on a folder of YAML; a change of the folder is live within a second.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ServeCommand extends TollgateCommand {

    @Parameters(paramLabel = "DIR", description = "Folder of YAML files.")
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Mixin ProxyFlags proxy = new ProxyFlags();

    @Mixin CompileFlags compile = new CompileFlags();

    @Option(
            names = "--data",
            defaultValue = "data",
            description =
                    "Directory of the write-ahead log and the accounts. Default: ${DEFAULT-VALUE}.")
    Path data = Path.of("data");

    @Option(
            names = "--anonymous",
            paramLabel = "NAMESPACE",
            description =
                    "Charge callers without a key to this namespace; only with a loopback --host.")
    @Nullable String anonymous;

    @Override
    int run() throws Exception {
        return serve(gateway -> Until.stopped());
    }

    /** What goes on while a gateway serves; it ends with it. */
    interface Working {
        void at(Standalone gateway) throws Exception;
    }

    int serve(Working working) throws Exception {
        var options = proxy.options(anonymous);
        try (var issuers = new IssuerKeys(compile.issuers(), compile.endpointPolicy, () -> {})) {
            issuers.start();
            return serve(options, issuers, working);
        }
    }

    private int serve(ProxyOptions options, IssuerKeys issuers, Working working) throws Exception {
        var settings =
                new FolderSettings(
                        folder,
                        compile.platformNamespace,
                        compile.endpointPolicy,
                        compile.unbudgetedNamespaces,
                        issuers::issuers,
                        new SecretSources(folder, System.getenv()));
        var vertx = CompletableFuture.supplyAsync(Runtimes::vertx);
        Standalone gateway;
        try {
            gateway =
                    Until.ready(
                            Standalone.start(
                                    vertx::join, options, settings, data, UnaryOperator.identity()),
                            options.port());
        } catch (IOException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
        LoggerFactory.getLogger(ServeCommand.class)
                .info("listening port={} admin-port={}", gateway.port(), gateway.adminPort());
        gateway.watch();
        working.at(gateway);
        Until.closed(gateway.close(), vertx.join());
        return ExitCode.OK;
    }
}
