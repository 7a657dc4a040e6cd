package dev.tollgate.crds.ledger;

import com.fasterxml.jackson.annotation.JsonFormat;
import dev.tollgate.crds.resource.Wire;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Which account it is; never a UID, so that deleting and recreating a Budget refunds nothing. */
@Wire
public record LedgerKey(
        String namespace,
        String name,
        String subject,
        @JsonFormat(shape = JsonFormat.Shape.STRING) Instant windowStart,
        @JsonFormat(shape = JsonFormat.Shape.STRING) @Nullable Instant windowEnd) {}
