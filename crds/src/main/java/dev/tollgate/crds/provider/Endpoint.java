package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/**
 * Where the upstream is; without {@code url} and {@code serviceRef} the public address of the type.
 */
@Wire
public record Endpoint(
        @Nullable String url,
        @Nullable ServiceRef serviceRef,
        @Nullable String apiVersion,
        @Nullable String project,
        @Nullable String location,
        @Nullable CertificateRef caCertificateRef) {}
