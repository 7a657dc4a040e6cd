package dev.tollgate.cli;

import dev.tollgate.policy.issuer.OidcIssuer;
import dev.tollgate.policy.issuer.OidcIssuers;
import dev.tollgate.policy.snapshot.SettingsEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * The flags of whatever compiles resources: {@code serve}, {@code lint}, {@code explain}, {@code
 * operator}.
 */
final class CompileFlags {

    private static final long MAX_FILE_BYTES = 1 << 20;

    @Option(
            names = "--platform-namespace",
            defaultValue = "tollgate-system",
            description = "Namespace whose objects may reach others. Default: ${DEFAULT-VALUE}.")
    String platformNamespace = "tollgate-system";

    @Option(
            names = "--endpoint-policy",
            defaultValue = "public",
            description =
                    "Where providers may be: public (https to public addresses), cluster (https to"
                            + " private ones too), any (plain http and loopback too). A serviceRef may"
                            + " always be used. Default: ${DEFAULT-VALUE}.")
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

    @Option(
            names = "--oidc-issuers",
            paramLabel = "FILE",
            description =
                    "YAML of the external issuers whose tokens callers may show, and of the"
                            + " namespaces that their claims name (docs/guide.md, 4). Default: none.")
    @Nullable Path oidcIssuers;

    /** Empty without the flag. */
    List<OidcIssuer> issuers() {
        var file = oidcIssuers;
        if (file == null) {
            return List.of();
        }
        try {
            return OidcIssuers.read(
                    text(file), endpointPolicy, name -> text(file.resolveSibling(name)));
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage("--oidc-issuers: " + e.getMessage());
        }
    }

    private static String text(Path file) {
        try {
            if (Files.size(file) <= MAX_FILE_BYTES) {
                return Files.readString(file);
            }
        } catch (IOException e) {
            // told below, as one that is too large
        }
        throw new IllegalArgumentException(
                file + " (expected: a readable file of at most " + MAX_FILE_BYTES + " bytes)");
    }

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
