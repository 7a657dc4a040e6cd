package dev.tollgate.policy.compile;

import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import java.time.Instant;
import java.util.List;

/**
 * What a compile needs besides the resources.
 *
 * @param platformNamespace the namespace whose objects may reach others
 * @param issuers of the cluster and external ones, these also while their keys are not known
 * @param deprecationWarnDays how long before its date a used model counts as deprecated
 * @param now decides deprecation, and which acknowledgement lies too far ahead; nothing of it is in
 *     the snapshot
 */
public record CompileSettings(
        String platformNamespace,
        SettingsEntry.EndpointPolicy endpointPolicy,
        SettingsEntry.Unbudgeted unbudgetedNamespaces,
        List<IssuerEntry> issuers,
        int deprecationWarnDays,
        Instant now,
        Catalogue catalogue) {

    public static final int DEFAULT_DEPRECATION_WARN_DAYS = 30;

    public CompileSettings {
        issuers = List.copyOf(issuers);
    }
}
