package dev.tollgate.cli;

import dev.tollgate.policy.snapshot.SettingsEntry;
import picocli.CommandLine.Option;

/**
 * The flags of whatever compiles resources: {@code serve}, {@code lint}, {@code explain}, {@code
 * operator}.
 */
final class CompileFlags {

    @Option(
            names = "--platform-namespace",
            defaultValue = "tollgate-system",
            description = "Namespace whose objects may reach others. Default: ${DEFAULT-VALUE}.")
    String platformNamespace = "tollgate-system";

    @Option(
            names = "--endpoint-policy",
            defaultValue = "public",
            description =
                    "Where providers may be: public (https to public addresses), cluster (Services"
                            + " and private addresses too), any (plain http and loopback too). Default:"
                            + " ${DEFAULT-VALUE}.")
    SettingsEntry.EndpointPolicy endpointPolicy = SettingsEntry.EndpointPolicy.PUBLIC;

    @Option(
            names = "--unbudgeted-namespaces",
            defaultValue = "allow",
            description =
                    "What happens to a namespace that no Budget covers: allow or block. Default:"
                            + " ${DEFAULT-VALUE}.")
    SettingsEntry.Unbudgeted unbudgetedNamespaces = SettingsEntry.Unbudgeted.ALLOW;
}
