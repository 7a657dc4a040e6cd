package dev.tollgate.crds.resource;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of {@code metadata} that decisions use. {@code uid} and {@code creationTimestamp} are
 * absent in a folder; {@code namespace} is empty for a Namespace alone.
 */
@Wire
public record Metadata(
        String namespace,
        String name,
        @Nullable String uid,
        long generation,
        @JsonFormat(shape = JsonFormat.Shape.STRING) @Nullable Instant creationTimestamp,
        Map<String, String> labels,
        Map<String, String> annotations) {
    public Metadata {
        namespace = namespace == null ? "" : namespace;
        labels = Absent.asEmpty(labels);
        annotations = Absent.asEmpty(annotations);
    }

    /** An object of a folder: no server has given it a uid, a time or a generation above 1. */
    public static Metadata of(String namespace, String name) {
        return new Metadata(namespace, name, null, 1, null, Map.of(), Map.of());
    }
}
