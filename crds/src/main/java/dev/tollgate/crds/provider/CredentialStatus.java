package dev.tollgate.crds.provider;

import com.fasterxml.jackson.annotation.JsonFormat;
import dev.tollgate.crds.resource.Wire;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** When the credential last changed; never anything of its content. */
@Wire
public record CredentialStatus(
        @JsonFormat(shape = JsonFormat.Shape.STRING) @Nullable Instant lastRotationTime) {}
