package dev.tollgate.cli;

import dev.tollgate.policy.snapshot.SettingsEntry;
import java.util.Locale;
import picocli.CommandLine;
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
            converter = Unbudgeted.class,
            description =
                    "What happens to a request that no Budget counts: allow, block, or default-budget"
                            + " (the platform namespace's Budget named default counts it; without"
                            + " one it is blocked). Default: ${DEFAULT-VALUE}.")
    SettingsEntry.Unbudgeted unbudgetedNamespaces = SettingsEntry.Unbudgeted.ALLOW;

    /** As flags write it and as the chart's values do. */
    private static final class Unbudgeted
            implements CommandLine.ITypeConverter<SettingsEntry.Unbudgeted> {
        @Override
        public SettingsEntry.Unbudgeted convert(String text) {
            for (var value : SettingsEntry.Unbudgeted.values()) {
                if (bare(value.name()).equals(bare(text))) {
                    return value;
                }
            }
            throw new CommandLine.TypeConversionException(
                    text + " (expected: allow, block or default-budget)");
        }

        private static String bare(String text) {
            return text.replaceAll("[-_]", "").toLowerCase(Locale.ROOT);
        }
    }
}
