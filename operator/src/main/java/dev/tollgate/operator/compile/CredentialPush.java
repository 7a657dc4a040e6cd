package dev.tollgate.operator.compile;

import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.policy.snapshot.Snapshot;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The values of credentials that proxies hold: numbered when one changes, and when that of a
 * provider last did. Values are never logged. One thread; {@link #rotations} any.
 */
final class CredentialPush {

    private Map<String, Bytes> values = Map.of();
    private long revision;
    private volatile Map<ResourceKey, Instant> rotations = Map.of();

    /**
     * Looks the values up.
     *
     * @param references those that the new snapshot and any release still under way need: a proxy
     *     that serves an earlier one must not lose its key
     * @return whether they are to be pushed
     */
    boolean changed(
            Set<String> references,
            Snapshot snapshot,
            Function<String, Optional<Bytes>> lookup,
            Instant now) {
        var next = new HashMap<String, Bytes>();
        references.forEach(ref -> lookup.apply(ref).ifPresent(v -> next.put(ref, v)));
        if (next.equals(values) && revision > 0) {
            return false;
        }
        rotations = rotations(next, snapshot, now);
        values = Map.copyOf(next);
        revision++;
        return true;
    }

    Map<String, Bytes> values() {
        return values;
    }

    long revision() {
        return revision;
    }

    /** When the credential of a provider last changed, as far as this process saw. */
    Map<ResourceKey, Instant> rotations() {
        return rotations;
    }

    private Map<ResourceKey, Instant> rotations(
            Map<String, Bytes> next, Snapshot snapshot, Instant now) {
        var known = new HashMap<ResourceKey, Instant>();
        for (var provider : snapshot.providers()) {
            int slash = provider.key().indexOf('/');
            var key =
                    new ResourceKey(
                            Kind.MODEL_PROVIDER,
                            provider.key().substring(0, slash),
                            provider.key().substring(slash + 1));
            var reference = provider.auth().credential();
            var before = reference == null ? null : values.get(reference);
            var earlier = rotations.get(key);
            if (before != null && !Objects.equals(before, next.get(reference))) {
                known.put(key, now.truncatedTo(ChronoUnit.SECONDS));
            } else if (earlier != null) {
                known.put(key, earlier);
            }
        }
        return Map.copyOf(known);
    }
}
