package dev.tollgate.operator.push;

import com.google.protobuf.ByteString;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.policy.snapshot.RevisionNumber;
import java.util.Map;

/**
 * One snapshot with the name that it is pushed under.
 *
 * @param digest lower-case hex SHA-256 of the bytes
 * @param bytes the canonical JSON
 * @param index which objects it holds, and at which generation
 */
public record Release(
        RevisionNumber revision,
        String digest,
        ByteString bytes,
        int schemaVersion,
        Map<ResourceKey, Long> index) {

    public Release {
        index = Map.copyOf(index);
    }

    /** The same snapshot under a later name. */
    Release renamed(RevisionNumber later) {
        return new Release(later, digest, bytes, schemaVersion, index);
    }

    /** Whether it holds the object at this generation. */
    public boolean holds(ResourceKey object, long generation) {
        Long held = index.get(object);
        return held != null && held == generation;
    }

    @Override
    public String toString() {
        return "Release[" + revision + ", " + digest + ", " + bytes.size() + " bytes]";
    }
}
