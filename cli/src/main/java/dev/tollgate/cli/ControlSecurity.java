package dev.tollgate.cli;

import java.util.Locale;

/** Values of {@code --control-security}. */
enum ControlSecurity {
    MTLS,
    TOKEN,
    NONE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
