package dev.tollgate.operator.compile;

import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.operator.push.Release;
import dev.tollgate.policy.compile.LastAccepted;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the control plane remembers across restarts (api.md, S21).
 *
 * @param settled the last release that the whole fleet acknowledged; null: none yet
 * @param accepted what goes on serving when a later generation is invalid
 * @param proxies names of those that were live
 */
public record Memory(
        @Nullable Release settled,
        Map<String, Bytes> credentials,
        LastAccepted accepted,
        List<String> proxies) {

    public static final Memory NOTHING = new Memory(null, Map.of(), LastAccepted.NONE, List.of());

    public Memory {
        credentials = Map.copyOf(credentials);
        proxies = List.copyOf(proxies);
    }

    /** Whether another one holds the same; without comparing large bytes. */
    boolean sameAs(Memory other) {
        return (settled == null) == (other.settled == null)
                && (settled == null
                        || other.settled == null
                        || (settled.revision().equals(other.settled.revision())
                                && settled.digest().equals(other.settled.digest())))
                && credentials.equals(other.credentials)
                && accepted.equals(other.accepted)
                && proxies.equals(other.proxies);
    }
}
