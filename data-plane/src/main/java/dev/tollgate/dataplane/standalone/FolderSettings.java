package dev.tollgate.dataplane.standalone;

import dev.tollgate.policy.compile.CompileSettings;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a folder is compiled with.
 *
 * @param issuers external ones, as now known: asked again and again
 * @param secretValues gives the value of {@code env:NAME} or {@code file:PATH}
 */
public record FolderSettings(
        Path folder,
        String platformNamespace,
        SettingsEntry.EndpointPolicy endpointPolicy,
        SettingsEntry.Unbudgeted unbudgetedNamespaces,
        Supplier<List<IssuerEntry>> issuers,
        Function<String, Optional<String>> secretValues) {

    /** Without external issuers. */
    public FolderSettings(
            Path folder,
            String platformNamespace,
            SettingsEntry.EndpointPolicy endpointPolicy,
            SettingsEntry.Unbudgeted unbudgetedNamespaces,
            Function<String, Optional<String>> secretValues) {
        this(
                folder,
                platformNamespace,
                endpointPolicy,
                unbudgetedNamespaces,
                List::of,
                secretValues);
    }

    /** The same settings that the operator gives to the same compiler. */
    CompileSettings compile(Instant now, List<IssuerEntry> known) {
        return new CompileSettings(
                platformNamespace,
                endpointPolicy,
                unbudgetedNamespaces,
                known,
                CompileSettings.DEFAULT_DEPRECATION_WARN_DAYS,
                now,
                Catalogue.builtIn());
    }
}
