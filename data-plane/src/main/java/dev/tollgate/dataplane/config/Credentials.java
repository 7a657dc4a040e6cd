package dev.tollgate.dataplane.config;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Secret values by {@code namespace/secret/key}. Immutable; prints {@code [redacted]}, and no
 * serialiser finds a property to write. Only {@link LastKnownGood} writes the values, to a
 * memory-backed volume.
 */
public final class Credentials {

    public static final Credentials NONE = new Credentials(Map.of());

    private final Map<String, byte[]> values;

    private Credentials(Map<String, byte[]> values) {
        this.values = values;
    }

    public static Credentials of(Map<String, byte[]> values) {
        var copy = new HashMap<String, byte[]>();
        values.forEach((reference, value) -> copy.put(reference, value.clone()));
        return new Credentials(Map.copyOf(copy));
    }

    /** The value behind a reference; null if it is not known. The caller does not change it. */
    public byte @Nullable [] value(String reference) {
        return values.get(reference);
    }

    /** The references that have a value. */
    public Set<String> references() {
        return values.keySet();
    }

    /** Both; where both hold a value, the other's. */
    public Credentials and(Credentials other) {
        var both = new HashMap<>(values);
        both.putAll(other.values);
        return new Credentials(Map.copyOf(both));
    }

    /** Whether both hold the same values. */
    public boolean sameAs(Credentials other) {
        return values.keySet().equals(other.values.keySet())
                && values.entrySet().stream()
                        .allMatch(e -> Arrays.equals(e.getValue(), other.values.get(e.getKey())));
    }

    Map<String, byte[]> exposed() {
        return values;
    }

    @Override
    public String toString() {
        return "[redacted]";
    }
}
