package dev.tollgate.crds.provider;

import com.fasterxml.jackson.annotation.JsonFormat;
import dev.tollgate.crds.resource.Wire;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/** When the provider retires the model, and what to use instead. */
@Wire
public record Deprecation(
        @JsonFormat(shape = JsonFormat.Shape.STRING) LocalDate date,
        @Nullable String replacement) {}
