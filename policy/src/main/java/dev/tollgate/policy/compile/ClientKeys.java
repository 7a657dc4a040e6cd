package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.SecretObject;
import dev.tollgate.policy.snapshot.ClientKeyEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Client keys from Secrets with the label {@code tollgate.dev/type: client-key}, whose entries are
 * {@code <name>: sha256:<hex>} (api.md, section 6). Only hashes are there to be read. An entry that
 * is none is told and left out; the others of its Secret work.
 */
final class ClientKeys {

    static final String TYPE_LABEL = "tollgate.dev/type";
    static final String TYPE = "client-key";

    private static final Pattern HASH = Pattern.compile("sha256:([0-9a-f]{64})");

    private final List<Problem> problems = new ArrayList<>();
    private final Map<String, ClientKeyEntry> byHash = new HashMap<>();

    static ClientKeys of(List<SecretObject> secrets) {
        var keys = new ClientKeys();
        secrets.stream()
                .filter(secret -> TYPE.equals(secret.metadata().labels().get(TYPE_LABEL)))
                .sorted(
                        Comparator.comparing(ClientKeys::created)
                                .thenComparing(secret -> secret.key()))
                .forEach(keys::add);
        return keys;
    }

    /** Sorted by caller. */
    List<ClientKeyEntry> entries() {
        return byHash.values().stream()
                .sorted(Comparator.comparing(ClientKeyEntry::caller))
                .toList();
    }

    List<Problem> problems() {
        return List.copyOf(problems);
    }

    private static Instant created(SecretObject secret) {
        var created = secret.metadata().creationTimestamp();
        return created == null ? Instant.MAX : created;
    }

    private void add(SecretObject secret) {
        var namespace = secret.metadata().namespace();
        for (var entry : new TreeMap<>(secret.data()).entrySet()) {
            var matcher = HASH.matcher(entry.getValue().exposeText().strip());
            if (!matcher.matches()) {
                problem(secret, entry.getKey(), "not shown (expected: sha256: and 64 hex digits)");
                continue;
            }
            var caller =
                    Callers.clientKey(namespace, secret.metadata().name() + "/" + entry.getKey());
            var holder =
                    byHash.putIfAbsent(
                            matcher.group(1),
                            new ClientKeyEntry(matcher.group(1), namespace, caller));
            if (holder != null) {
                problem(secret, entry.getKey(), "the same key as an older entry, which counts");
            }
        }
    }

    private void problem(SecretObject secret, String entry, String message) {
        problems.add(new Problem(secret.key(), ConditionReason.INVALID, "data." + entry, message));
    }
}
